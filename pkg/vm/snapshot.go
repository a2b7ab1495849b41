package vm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zone"
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
		if err := h.pools.Snapshot(ctx, []string{full}, zpool.SnapshotOptions{}); err != nil {
			return err
		}
		if m.Status.State == zone.Running {
			h.checkpoint(ctx, m.Name, full)
		}
		return nil
	}, name)
}

// DeleteSnapshot removes a snapshot.
func (h *Host) DeleteSnapshot(ctx context.Context, uuid, name string) error {
	return h.withSnapshots(ctx, uuid, func(m *Machine, full string) error {
		if !m.hasSnapshot(name) {
			return worded("No snapshot named %q for %s", name, uuid)
		}
		if err := h.zones.HideCheckpoint(m.Name, name); err != nil {
			h.warn("snapshot %s stays at /checkpoints until the next boot: %v", name, err)
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

// checkpoint lets a running machine see a snapshot of itself. That it cannot is
// no reason to have none.
func (h *Host) checkpoint(ctx context.Context, zoneName, full string) {
	_, name, _ := strings.Cut(full, "@"+snapPrefix)
	dir, err := h.pools.OpenSnapshot(ctx, full)
	if err == nil {
		defer dir.Close()
		err = h.zones.ShowCheckpoint(zoneName, name, dir)
	}
	if err != nil {
		h.warn("snapshot %s is not shown at /checkpoints: %v", name, err)
	}
}

// checkpointAll lets a machine that has booted see all its snapshots.
func (h *Host) checkpointAll(ctx context.Context, c *zone.Config) {
	d, err := h.readDataset(ctx, c)
	if err != nil {
		h.warn("snapshots are not shown at /checkpoints: %v", err)
		return
	}
	for _, s := range d.snapshots {
		h.checkpoint(ctx, c.Name, datasetOf(c)+"@"+snapPrefix+s.Name)
	}
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
