package vnic

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
)

// TagType is what a nic tag stands for, in nictagadm's words.
type TagType string

// Types of nic tags.
const (
	TagNormal    TagType = "normal"
	TagAggr      TagType = "aggr"
	TagEtherstub TagType = "etherstub"
)

// Tag is a nic tag: a name for a physical link that nics of zones lie over, so
// that a zone's configuration fits other hosts too.
type Tag struct {
	Name    string
	Type    TagType
	MAC     net.HardwareAddr // of the link; nil for etherstubs
	MTU     int              // 0: the link's own
	Macvlan bool             // nics share the link itself, without protection
	Link    string           // name of the link, empty when it is not there
}

// Suffixes of a tag's settings in the node's configuration.
const (
	keyMAC   = "_nic"
	keyMTU   = "_mtu"
	keyMode  = "_nic_mode" // ours: "macvlan"
	keyStubs = "etherstub"
)

func (h *Host) usbkeyFile() string { return filepath.Join(h.root.Usbkey(), "config") }

func (h *Host) loadUsbkey() (*usbkey, error) {
	data, err := os.ReadFile(h.usbkeyFile())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read nic tags: %w", err)
	}
	return parseUsbkey(data), nil
}

// tags of the configuration, in its order, etherstubs last. Links are not
// looked up.
func (u *usbkey) tags() []Tag {
	var all []Tag
	aggrs := u.aggrs()
	for _, e := range u.settings() {
		name, ok := strings.CutSuffix(e.key, keyMAC)
		if !ok || !isWord(name) || hasTag(all, name) {
			continue
		}
		value, _ := u.get(e.key)
		tag := Tag{Name: name, Type: TagNormal}
		if mac, isAggr := aggrs[value]; isAggr {
			tag.Type, tag.Link, value = TagAggr, value, mac
		}
		mac, err := ParseMAC(value)
		if err != nil {
			continue // admin_nic=dhcp and the like
		}
		tag.MAC = mac
		if mtu, ok := u.get(name + keyMTU); ok {
			tag.MTU, _ = strconv.Atoi(mtu)
		}
		mode, _ := u.get(name + keyMode)
		tag.Macvlan = mode == modeMacvlan
		all = append(all, tag)
	}
	for _, name := range u.list(keyStubs) {
		if CheckLinkName(name) == nil && !hasTag(all, name) {
			all = append(all, Tag{Name: name, Type: TagEtherstub})
		}
	}
	return all
}

const modeMacvlan = "macvlan"

// aggrs maps the name of each link aggregation to the address of its first
// member.
func (u *usbkey) aggrs() map[string]string {
	all := map[string]string{}
	for _, e := range u.settings() {
		if name, ok := strings.CutSuffix(e.key, "_aggr"); ok {
			first, _, _ := strings.Cut(e.value, ",")
			all[name] = first
		}
	}
	return all
}

func hasTag(tags []Tag, name string) bool {
	return slices.ContainsFunc(tags, func(t Tag) bool { return t.Name == name })
}

// findTag is nil, nil when there is none.
func (h *Host) findTag(name string) (*Tag, error) {
	u, err := h.loadUsbkey()
	if err != nil {
		return nil, err
	}
	for _, t := range u.tags() {
		if t.Name == name {
			return &t, nil
		}
	}
	return nil, nil
}

// tagLink is the physical link of a tag; nil, nil when it is not there.
func tagLink(rt *netlink.Handle, t *Tag) (netlink.Link, error) {
	if t.Type == TagAggr {
		return physByName(rt, t.Link)
	}
	return physByMAC(rt, t.MAC)
}
