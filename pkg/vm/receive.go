package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Receive makes the machine that somebody sent: all of it or nothing. Its image
// need not be here. With autoboot it is booted.
func (h *Host) Receive(ctx context.Context, r io.Reader) (string, error) {
	if err := h.mendAll(ctx); err != nil {
		return "", err
	}
	text, err := readJSON(r)
	if err != nil {
		return "", err
	}
	p, err := ParsePayload(text)
	if err != nil {
		return "", err
	}
	s, err := h.specifyReceived(ctx, p)
	if err != nil {
		return "", err
	}
	release, err := h.hold(ctx, s.Config.Name)
	if err != nil {
		return "", err
	}
	defer release()
	part, err := readPart(r)
	if err != nil {
		return "", err
	}
	if part.size != 0 {
		return "", fmt.Errorf("the bundle has %.60q behind the machine, not its dataset", part.name)
	}
	return s.Config.UUID, h.makeReceived(ctx, s, r)
}

// specifyReceived judges a machine of another host as one that is to be made
// here, but for its image.
func (h *Host) specifyReceived(ctx context.Context, p Payload) (*Spec, error) {
	name := p.str("brand")
	if b, known := BrandOf(name); known {
		if err := b.Creatable(); err != nil {
			return nil, err
		}
	}
	if uuid := p.str("uuid"); !IsUUID(uuid) {
		return nil, fmt.Errorf("the bundle's machine has the uuid %.60q, which is none", uuid)
	}
	bad, err := Validate(p, Receive, name, h.Site(ctx))
	if err != nil {
		return nil, err
	}
	if bad != nil {
		if bad = bad.dropUnknown(); bad != nil {
			return nil, bad
		}
	}
	b, _ := BrandOf(name)
	created := p.str("create_timestamp")
	settled, _, err := p.settle(Receive, name) // what it loses belongs to the other host
	if err != nil {
		return nil, err
	}
	warnings, err := settled.honest(Receive)
	for _, w := range warnings {
		h.warn("%s", w)
	}
	if err != nil {
		return nil, err
	}
	settled.complete(b, h.Now(), newUUID)
	if when, err := time.Parse(time.RFC3339, created); err == nil {
		settled["create_timestamp"] = stamp(when)
	}
	s, err := newSpec(settled, b)
	if err != nil {
		return nil, err
	}
	return s, h.checkNICs(nicsOf(s.Config))
}

// makeReceived does the steps of Receive. The caller holds the machine.
func (h *Host) makeReceived(ctx context.Context, s *Spec, stream io.Reader) error {
	name := s.Config.Name
	if _, err := h.zones.Load(name); !errors.Is(err, zone.ErrNotFound) {
		return errors.Join(fmt.Errorf("vm with UUID %s already exists", name), unlessExists(err))
	}
	ctx, release, err := h.zones.Hold(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	j := &journal{Op: opCreate, Zone: name}
	if err := h.begin(j); err != nil {
		return err
	}
	undo := revert.New()
	undo.Add(func() error { return h.end(j) })
	if err := h.receiveSteps(ctx, s, stream, undo); err != nil {
		return errors.Join(err, undo.Fail())
	}
	undo.Success()
	return h.end(j)
}

func (h *Host) receiveSteps(ctx context.Context, s *Spec, stream io.Reader, undo *revert.Stack) error {
	name := s.Config.Name
	err := h.addressing(ctx, func() error {
		if err := h.unique(s.Config); err != nil {
			return err
		}
		return h.zones.Create(ctx, s.Config)
	})
	if err != nil {
		return err
	}
	undo.Add(func() error { return h.unmake(context.WithoutCancel(ctx), name) })
	fill := func(ctx context.Context, name string, props map[string]string) error {
		return h.pools.Receive(ctx, name, stream, zpool.ReceiveOptions{
			Zone: true, Props: props, Exclude: []string{"mountpoint", "canmount", "zoned", "refquota", "reservation", "refreservation"},
		})
	}
	if err := h.zones.Install(ctx, name, zone.InstallOptions{Fill: fill, Props: s.Dataset}); err != nil {
		return err
	}
	if err := h.dropSending(ctx, datasetOf(s.Config)); err != nil {
		return err
	}
	if err := h.writeFiles(s); err != nil {
		return err
	}
	if s.Guarded {
		if err := h.guard(ctx, datasetOf(s.Config), true); err != nil {
			return err
		}
	}
	if !s.Config.Autoboot {
		return nil
	}
	return h.zones.Boot(ctx, name, zone.BootOptions{})
}
