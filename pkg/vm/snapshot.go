package vm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool"
)

const snapshotChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:%"

// CreateSnapshot takes a snapshot of a machine's files, metadata and tags
// included.
func (h *Host) CreateSnapshot(ctx context.Context, uuid, name string) error {
	return h.withSnapshots(ctx, uuid, func(m *Machine, full string) error {
		if m.hasSnapshot(name) {
			return worded("snapshot with name %q already exists.", name)
		}
		return h.pools.Snapshot(ctx, []string{full}, zpool.SnapshotOptions{})
	}, name)
}

// DeleteSnapshot removes a snapshot.
func (h *Host) DeleteSnapshot(ctx context.Context, uuid, name string) error {
	return h.withSnapshots(ctx, uuid, func(m *Machine, full string) error {
		if !m.hasSnapshot(name) {
			return worded("No snapshot named %q for %s", name, uuid)
		}
		return h.pools.Destroy(ctx, full, zpool.DestroyOptions{})
	}, name)
}

// RollbackSnapshot brings a machine back to a snapshot: newer snapshots go, and
// the machine is running afterwards.
func (h *Host) RollbackSnapshot(ctx context.Context, uuid, name string) error {
	return h.withSnapshots(ctx, uuid, func(m *Machine, full string) error {
		if !m.hasSnapshot(name) {
			return worded("No snapshot named %q for %s", name, uuid)
		}
		if err := h.startable(m.Config); err != nil {
			return err
		}
		guarded, err := m.ofDataset("indestructible_zoneroot")
		if err != nil {
			return err
		}
		j := &journal{Op: opRollback, Zone: m.Name, Snapshot: full, Guarded: guarded == true}
		if err := h.begin(j); err != nil {
			return err
		}
		err = h.rollBack(context.WithoutCancel(ctx), j)
		if err == nil {
			err = h.boot(ctx, m.Name)
		}
		return errors.Join(err, h.end(j))
	}, name)
}

// rollBack does the steps of a rollback but the boot; it can be repeated.
func (h *Host) rollBack(ctx context.Context, j *journal) error {
	ctx, release, err := h.zones.Hold(ctx, j.Zone)
	if err != nil {
		return err
	}
	defer release()
	if err := h.zones.Halt(ctx, j.Zone); err != nil {
		return err
	}
	of, _, _ := strings.Cut(j.Snapshot, "@")
	if j.Guarded { // the snapshot of the guard may be newer, and in the way
		if err := h.guard(ctx, of, false); err != nil {
			return err
		}
	}
	err = h.pools.Rollback(ctx, j.Snapshot, zpool.RollbackOptions{Recursive: true})
	if j.Guarded {
		err = errors.Join(err, h.guard(ctx, of, true))
	}
	if err != nil {
		return err
	}
	return h.setAutoboot(ctx, j.Zone, true)
}

// withSnapshots does work on a machine that can have snapshots; full is the
// snapshot's name in the pool.
func (h *Host) withSnapshots(ctx context.Context, uuid string, work func(m *Machine, full string) error, name string) error {
	if name == "" || len(name) > 64 || strings.Trim(name, snapshotChars) != "" {
		return worded("Invalid snapshot name %q: 1 to 64 of letters, digits and -_.:%%", name)
	}
	s, release, err := h.take(ctx, uuid)
	if err != nil {
		return err
	}
	defer release()
	m := h.machine(ctx, s)
	switch {
	case m.brand != nil && m.brand.HVM():
		return fmt.Errorf("snapshots for %s VMs currently unsupported", m.brand.Name())
	case len(s.Config.Datasets) > 0:
		return worded("Cannot currently snapshot zones that have datasets")
	}
	if err := work(m, datasetOf(s.Config)+"@"+snapPrefix+name); err != nil {
		return err
	}
	h.touch(s.Name)
	return nil
}

func (m *Machine) hasSnapshot(name string) bool {
	value, err := m.ofDataset("snapshots")
	list, _ := value.([]Snapshot)
	return err == nil && slices.ContainsFunc(list, func(s Snapshot) bool { return s.Name == name })
}
