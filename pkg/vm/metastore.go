package vm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/meta"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// operatorScript is internal metadata that the machine reads under its own name.
const operatorScript = "operator-script"

// MetadataStore is the metadata of one machine as it reads and writes it from
// inside. The machine's changes and those of vmadm go through the same lock.
func MetadataStore(root paths.Root, zone string) meta.Store {
	return &metaStore{h: New(root, slog.New(slog.NewTextHandler(io.Discard, nil))), zone: zone}
}

type metaStore struct {
	h    *Host
	zone string
}

// lockData keeps others from rewriting a machine's metadata, tags and routes;
// it is held for moments only.
func (h *Host) lockData(ctx context.Context, name string) (unlock func(), err error) {
	l, err := lock.Wait(ctx, h.dataLock(name))
	if err != nil {
		return nil, err
	}
	return func() {
		if err := l.Unlock(); err != nil {
			h.log.Warn("unlock metadata", "zone", name, "error", err)
		}
	}, nil
}

func (h *Host) dataLock(name string) string {
	return filepath.Join(h.root.Run(), "locks", name+".data")
}

// Get returns the value of a key.
func (s *metaStore) Get(key string) (string, bool, error) {
	c, err := s.h.zones.Load(s.zone)
	if err != nil {
		return "", false, err
	}
	if name, ok := strings.CutPrefix(key, "sdc:"); ok {
		return s.property(c, name)
	}
	m, err := s.h.readMetadata(c)
	if err != nil {
		return "", false, err
	}
	from := m.Customer
	if key == operatorScript || isPassword(key) || inNamespace(c, key) {
		from = m.Internal
	}
	value, ok := from[key]
	return Text(value), ok, nil
}

// property is sdc:NAME: some as JSON, plain ones as text.
func (s *metaStore) property(c *zone.Config, name string) (string, bool, error) {
	if name == operatorScript {
		m, err := s.h.readMetadata(c)
		value, ok := m.Internal[name]
		return Text(value), ok, err
	}
	status, err := s.h.zones.Status(s.zone)
	if err != nil {
		return "", false, err
	}
	m := s.h.machine(context.Background(), status)
	if tag, ok := strings.CutPrefix(name, "tags."); ok {
		tags, err := m.flats("tags")
		value, found := tags.(flat)[tag]
		return Text(value), found, err
	}
	if !slices.Contains(sdcNames(), name) {
		return "", false, nil
	}
	value, err := m.Value(name)
	if err != nil || value == nil {
		return "", false, err
	}
	switch name {
	case "nics", "resolvers", "routes", "tmpfs":
		return jsonText(shown(name, value))
	}
	return Text(value), true, nil
}

// sdcNames are the properties that a machine may read of itself: those that get
// shows and that are text, and a few as JSON.
func sdcNames() []string {
	secret := []string{"customer_metadata", "internal_metadata", "tags", "snapshots", "filesystems"}
	return slices.DeleteFunc(append(slices.Clone(getOrder), "ram", "type", "mdata_exec_timeout"),
		func(name string) bool { return slices.Contains(secret, name) })
}

func jsonText(value any) (string, bool, error) {
	var b bytes.Buffer
	err := encode(&b, value)
	return b.String(), err == nil, err
}

// Keys lists customer metadata, then what the machine may read of the internal.
func (s *metaStore) Keys() ([]string, error) {
	c, err := s.h.zones.Load(s.zone)
	if err != nil {
		return nil, err
	}
	m, err := s.h.readMetadata(c)
	if err != nil {
		return nil, err
	}
	keys := slices.Sorted(maps.Keys(m.Customer))
	for _, key := range slices.Sorted(maps.Keys(m.Internal)) {
		if (isPassword(key) || inNamespace(c, key)) && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// Put sets a key; the empty value deletes it.
func (s *metaStore) Put(key, value string) error {
	return s.edit(key, func(f flat) {
		if value == "" {
			delete(f, key)
		} else {
			f[key] = value
		}
	})
}

// Delete removes a key.
func (s *metaStore) Delete(key string) error {
	return s.edit(key, func(f flat) { delete(f, key) })
}

func (s *metaStore) edit(key string, change func(flat)) error {
	ctx := context.Background()
	unlock, err := s.h.lockData(ctx, s.zone)
	if err != nil {
		return err
	}
	defer unlock()
	c, err := s.h.zones.Load(s.zone)
	if err != nil {
		return err
	}
	if strings.HasPrefix(key, "sdc:") || inNamespace(c, key) {
		return &meta.Refusal{Reason: "Cannot update the '" + key + "' key."}
	}
	m, err := s.h.readMetadata(c)
	if err != nil {
		return err
	}
	f := m.Customer
	if key == operatorScript || isPassword(key) {
		f = m.Internal
	}
	before, _ := json.Marshal(f)
	change(f)
	if after, _ := json.Marshal(f); bytes.Equal(before, after) {
		return nil
	}
	return errors.Join(s.h.writeFile(c, metadataFile, m))
}

func isPassword(key string) bool { return strings.HasSuffix(key, "_pw") }

// inNamespace reports whether a key has a prefix that belongs to the operator.
func inNamespace(c *zone.Config, key string) bool {
	prefix, _, ok := strings.Cut(key, ":")
	if !ok {
		return false
	}
	list, _ := homes()["internal_metadata_namespaces"].get(c).([]string)
	return slices.Contains(list, prefix)
}
