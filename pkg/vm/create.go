package vm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// Create makes a machine of a payload and returns its uuid: all of it or, when
// a step fails, nothing. A machine with autoboot is booted; one that is not
// provisioned in time is kept for a look, halted and marked failed.
func (h *Host) Create(ctx context.Context, p Payload) (string, error) {
	if err := h.mendAll(ctx); err != nil {
		return "", err
	}
	h.sweepLocks()
	s, err := h.specify(ctx, p)
	if err != nil {
		return "", err
	}
	release, err := h.hold(ctx, s.Config.Name)
	if err != nil {
		return "", err
	}
	provision, err := h.make(ctx, s)
	release()
	if err != nil {
		return "", err
	}
	if provision != nil && !s.NoWait {
		if err := h.waitProvisioned(ctx, provision); err != nil {
			return "", err
		}
	}
	return s.Config.UUID, nil
}

// make does the steps of Create. The caller holds the machine. The journal that
// it returns is that of a provision under way.
func (h *Host) make(ctx context.Context, s *Spec) (*journal, error) {
	name := s.Config.Name
	if _, err := h.zones.Load(name); !errors.Is(err, zone.ErrNotFound) {
		return nil, errors.Join(fmt.Errorf("vm with UUID %s already exists", name), unlessExists(err))
	}
	ctx, release, err := h.zones.Hold(ctx, name)
	if err != nil {
		return nil, err
	}
	defer release()
	j := &journal{Op: opCreate, Zone: name}
	if err := h.begin(j); err != nil {
		return nil, err
	}
	undo := revert.New()
	undo.Add(func() error { return h.end(j) })
	provision, err := h.makeSteps(ctx, s, undo)
	if err != nil {
		return nil, errors.Join(err, undo.Fail())
	}
	undo.Success()
	return provision, h.end(j)
}

func unlessExists(err error) error {
	if _, damaged := errors.AsType[*zone.DamagedError](err); damaged {
		return err
	}
	return nil
}

func (h *Host) makeSteps(ctx context.Context, s *Spec, undo *revert.Stack) (*journal, error) {
	name := s.Config.Name
	err := h.addressing(ctx, func() error {
		if err := h.unique(s.Config); err != nil {
			return err
		}
		return h.zones.Create(ctx, s.Config)
	})
	if err != nil {
		return nil, err
	}
	undo.Add(func() error { return h.unmake(context.WithoutCancel(ctx), name) })
	if err := h.zones.Install(ctx, name, zone.InstallOptions{Origin: s.Origin, Props: s.Dataset}); err != nil {
		return nil, err
	}
	if err := h.writeFiles(s); err != nil {
		return nil, err
	}
	if s.Guarded {
		if err := h.guard(ctx, datasetOf(s.Config), true); err != nil {
			return nil, err
		}
	}
	if !s.Config.Autoboot {
		return nil, nil
	}
	booted := time.Now()
	if err := h.zones.Boot(ctx, name, zone.BootOptions{}); err != nil {
		return nil, err
	}
	provision := &journal{Op: opProvision, Zone: name, Booted: booted, Deadline: h.Now().Add(provisionTime)}
	return provision, h.begin(provision)
}

func (h *Host) writeFiles(s *Spec) error {
	return errors.Join(
		h.writeFile(s.Config, metadataFile, s.Metadata),
		h.writeFile(s.Config, tagsFile, s.Tags),
		h.writeFile(s.Config, routesFile, s.Routes),
	)
}

// checkImage finds the image of a new machine and says why it cannot be used.
func (h *Host) checkImage(ctx context.Context, uuid, pool string, b Brand) (*img.Image, error) {
	image, err := h.images.Installed(ctx, uuid, pool)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", uuid, err)
	}
	kind := image.Manifest.Type
	if !slices.Contains(b.ImageTypes(), kind) {
		return nil, fmt.Errorf("image %s is of type %s, machines of brand %s are made of %s",
			uuid, kind, b.Name(), strings.Join(b.ImageTypes(), " or "))
	}
	if err := image.RunsHere(); err != nil {
		return nil, err
	}
	return image, nil
}

func newUUID() string { return uuid.NewString() }
