package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Delete stops and removes a machine, unless it is guarded.
func (h *Host) Delete(ctx context.Context, uuid string) error {
	s, release, err := h.take(ctx, uuid)
	if err != nil {
		return err
	}
	defer h.sweepLocks()
	defer release()
	m := h.machine(ctx, s)
	guarded, err := m.Value("indestructible_zoneroot")
	if err != nil {
		return err
	}
	if guarded == true {
		return errors.New("indestructible_zoneroot is set, cannot delete")
	}
	if archive, _ := homes()["archive_on_delete"].get(s.Config).(bool); archive {
		if err := h.archive(ctx, m); err != nil {
			return fmt.Errorf("archive: %w", err)
		}
	}
	j := &journal{Op: opDelete, Zone: s.Name}
	if err := h.begin(j); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // from here on there is no way back
	if err := h.unmake(ctx, s.Name); err != nil {
		return err
	}
	return h.end(j)
}

// archive keeps what get shows, the files of config and the zone's logs in
// POOL/archive/UUID.
func (h *Host) archive(ctx context.Context, m *Machine) error {
	pool := poolOf(m.Config)
	name := pool + "/archive"
	err := h.pools.Create(ctx, name, zpool.CreateOptions{Parents: true})
	if err != nil && !errors.Is(err, zpool.ErrExists) {
		return err
	}
	dir := filepath.Join(h.root.Pool(name), m.UUID())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	o, err := m.Full()
	if err != nil {
		return err
	}
	text, err := Indent(o)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(filepath.Join(dir, "vm.json"), text, 0o600); err != nil {
		return err
	}
	if err := copyFiles(h.configDir(m.Config), "", dir); err != nil {
		return err
	}
	return copyFiles(filepath.Join(h.root.Log(), "zones"), m.Name+".", dir)
}

// copyFiles copies the plain files of a directory, if there is one, whose names
// begin with prefix.
func copyFiles(from, prefix, to string) error {
	entries, err := os.ReadDir(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		if err := atomicfile.Write(filepath.Join(to, e.Name()), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
