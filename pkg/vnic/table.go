package vnic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/strictjson"
)

// Class is what kind of link a name stands for, in dladm's words.
type Class string

// Classes of links.
const (
	ClassPhys      Class = "phys"
	ClassEtherstub Class = "etherstub"
	ClassVNIC      Class = "vnic"
	ClassBridge    Class = "bridge"
	ClassVLAN      Class = "vlan"
	ClassAggr      Class = "aggr"
	ClassMisc      Class = "misc"
)

// record is a configured link. It is written before the kernel's link is made
// and removed after that is gone, so a crash leaves at worst a record whose
// link is made again when somebody needs it.
type record struct {
	Class   Class  `json:"class"`
	Kernel  string `json:"kernel"` // the kernel's name; a rename leaves it
	Over    string `json:"over,omitempty"`
	MAC     string `json:"mac,omitempty"`
	MACType string `json:"mac_type,omitempty"` // random or fixed
	VID     int    `json:"vid,omitempty"`
	MTU     int    `json:"mtu,omitempty"`
	Macvlan bool   `json:"macvlan,omitempty"`
	// Switches are what a vnic is on and must be removed with the last that is.
	Switches []string `json:"switches,omitempty"`
}

// links is one side of the table: what lasts, or what ends with this boot.
type links struct {
	BootID string            `json:"boot_id,omitempty"`
	Links  map[string]record `json:"links"`
}

// table is both sides.
type table struct{ persistent, temporary links }

// find returns the link of that name on either side.
func (t *table) find(name string) (record, bool) {
	if r, ok := t.temporary.Links[name]; ok {
		return r, true
	}
	r, ok := t.persistent.Links[name]
	return r, ok
}

// all is the names and records of both sides.
func (t *table) all() map[string]record {
	all := make(map[string]record, len(t.persistent.Links)+len(t.temporary.Links))
	for _, side := range []links{t.persistent, t.temporary} {
		maps.Copy(all, side.Links)
	}
	return all
}

func (t *table) side(temporary bool) *links {
	if temporary {
		return &t.temporary
	}
	return &t.persistent
}

func (h *Host) persistentFile() string { return filepath.Join(h.root.Dladm(), "datalink.conf") }
func (h *Host) temporaryFile() string  { return filepath.Join(h.root.Run(), "datalink.json") }

func (h *Host) loadTable() (*table, error) {
	persistent, err := loadLinks(h.persistentFile())
	if err != nil {
		return nil, err
	}
	temporary, err := loadLinks(h.temporaryFile())
	if err != nil {
		return nil, err
	}
	if len(temporary.Links) > 0 && temporary.BootID != bootID() {
		temporary = links{Links: map[string]record{}}
	}
	return &table{persistent, temporary}, nil
}

func loadLinks(path string) (links, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return links{Links: map[string]record{}}, nil
	}
	if err != nil {
		return links{}, fmt.Errorf("read links: %w", err)
	}
	l, err := decodeLinks(data)
	if err != nil {
		return links{}, fmt.Errorf("read links: %s: %w", path, err)
	}
	return l, nil
}

// decodeLinks reads one side of the table and refuses names and kernel names
// that smartbox would not have written.
func decodeLinks(data []byte) (links, error) {
	var l links
	if err := strictjson.Unmarshal(data, &l); err != nil {
		return links{}, err
	}
	for name, r := range l.Links {
		if err := CheckLinkName(name); err != nil {
			return links{}, err
		}
		for _, kernel := range append(r.Switches, r.Kernel) {
			if !isKernelName(kernel) {
				return links{}, fmt.Errorf("link %s has the bad kernel name %q", name, kernel)
			}
		}
	}
	if l.Links == nil {
		l.Links = map[string]record{}
	}
	return l, nil
}

func storeLinks(path string, l links) error {
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, append(data, '\n'), 0o644)
}

// store writes the record of name, or removes it when r is nil.
func (h *Host) store(t *table, temporary bool, name string, r *record) error {
	side, path := t.side(temporary), h.persistentFile()
	if temporary {
		path = h.temporaryFile()
		side.BootID = bootID()
	}
	if r == nil {
		delete(side.Links, name)
	} else {
		side.Links[name] = *r
	}
	return storeLinks(path, *side)
}

// lockTable serialises everything that makes or removes links of the table.
func (h *Host) lockTable(ctx context.Context) (*lock.Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return lock.Wait(ctx, filepath.Join(h.root.Run(), "links.lock"))
}

func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
