package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// sendSnapshot is taken for as long as a machine is sent.
const sendSnapshot = "@sending"

// unsent is what tells of this host or this moment.
var unsent = []string{
	"zoneid", "zonedid", "pid", "boot_timestamp", "init_restarts", "exit_status", "exit_timestamp", "last_modified",
	"server_uuid", "platform_buildstamp", "snapshots", "zone_state", "state",
}

// Send stops a machine and writes it: what get shows, and its dataset with all
// snapshots. The machine is stopped then.
func (h *Host) Send(ctx context.Context, uuid string, w io.Writer) error {
	m, err := h.Get(ctx, uuid)
	if err != nil {
		return err
	}
	if err := sendable(m); err != nil {
		return err
	}
	text, err := m.bundled()
	if err != nil {
		return err
	}
	if m.Run != nil {
		if err := h.Stop(ctx, uuid, StopOptions{}); err != nil {
			return err
		}
	}
	s, release, err := h.take(ctx, uuid)
	if err != nil {
		return err
	}
	defer release()
	if s.State != zone.Installed {
		return &StateError{fmt.Sprintf("Cannot send VM %s: it was started meanwhile", uuid), string(s.State)}
	}
	name := datasetOf(s.Config)
	if err := h.dropSending(ctx, name); err != nil {
		return err
	}
	if err := h.pools.Snapshot(ctx, []string{name + sendSnapshot}, zpool.SnapshotOptions{}); err != nil {
		return err
	}
	err = h.writeBundle(ctx, w, text, name)
	return errors.Join(err, h.dropSending(context.WithoutCancel(ctx), name))
}

func sendable(m *Machine) error {
	switch {
	case m.brand != nil && m.brand.HVM():
		return worded("Cannot send VM %s: machines of brand %s are not yet supported on this host", m.UUID(), m.brand.Name())
	case len(m.Config.Datasets) > 0:
		return worded("Cannot send VM %s: it has delegated datasets", m.UUID())
	case m.Status.State != zone.Running && m.Status.State != zone.Installed:
		return &StateError{fmt.Sprintf("Cannot send VM %s from state %q", m.UUID(), m.StateName()), m.StateName()}
	}
	return nil
}

// bundled is the machine for another host.
func (m *Machine) bundled() ([]byte, error) {
	o, err := m.Some(slices.DeleteFunc(slices.Clone(getOrder), func(name string) bool { return slices.Contains(unsent, name) }))
	if err != nil {
		return nil, err
	}
	return Indent(o)
}

func (h *Host) writeBundle(ctx context.Context, w io.Writer, text []byte, name string) error {
	if err := (bundlePart{name: bundleJSON}).writeJSON(w, text); err != nil {
		return err
	}
	if err := (bundlePart{name: name}).write(w); err != nil {
		return err
	}
	return h.pools.Send(ctx, name+sendSnapshot, w, zpool.SendOptions{Replicate: true})
}

// dropSending destroys the snapshot, also one that a killed command left.
func (h *Host) dropSending(ctx context.Context, name string) error {
	err := h.pools.Destroy(ctx, name+sendSnapshot, zpool.DestroyOptions{})
	if errors.Is(err, zpool.ErrNotFound) {
		return nil
	}
	return err
}
