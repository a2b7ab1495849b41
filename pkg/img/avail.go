package img

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// Available is an image that a source offers.
type Available struct {
	Manifest *manifest.Manifest
	Source   Source
}

// AvailOptions choose what is listed; empty ones mean the configuration.
type AvailOptions struct {
	Sources []string // URLs
	Channel string
}

// Avail lists what the sources offer, the first that has an image counts.
// Sources that fail are in the error, beside what the others gave.
func (h *Host) Avail(ctx context.Context, o AvailOptions) ([]Available, error) {
	sources, err := h.choose(o.Sources, o.Channel)
	if err != nil {
		return nil, err
	}
	lists := make([][]*manifest.Manifest, len(sources))
	failures := make([]error, len(sources))
	var group errgroup.Group
	group.SetLimit(8)
	for i, s := range sources {
		group.Go(func() error {
			lists[i], failures[i] = h.images(ctx, s)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var all []Available
	seen := map[string]bool{}
	var errs []error
	for i, s := range sources {
		if failures[i] != nil {
			errs = append(errs, failures[i])
		}
		for _, m := range lists[i] {
			if !seen[m.UUID] {
				seen[m.UUID] = true
				all = append(all, Available{m, s})
			}
		}
	}
	return all, joinSources(errs)
}

// images lists the active images of one source.
func (h *Host) images(ctx context.Context, s Source) ([]*manifest.Manifest, error) {
	cat, err := h.open(s)
	if err != nil {
		return nil, err
	}
	all, err := cat.Images(ctx)
	if err != nil {
		return nil, named(s, err)
	}
	var active []*manifest.Manifest
	for _, m := range all {
		if m.Active() {
			active = append(active, m)
		}
	}
	return active, nil
}

// named puts the source in front of an error, unless the error names it.
func named(s Source, err error) error {
	if s.Type == TypeIMGAPI {
		return err
	}
	return fmt.Errorf("%s: %w", s.URL, err)
}

// Show finds one image in the sources, whatever its state.
func (h *Host) Show(ctx context.Context, uuid string, o AvailOptions) (Available, error) {
	sources, err := h.choose(o.Sources, o.Channel)
	if err != nil {
		return Available{}, err
	}
	return h.search(ctx, sources, CodeImageNotFound, uuid, func(*manifest.Manifest) bool { return true })
}

// search asks one source after the other for an image that suits. A source
// that fails matters only if no other has it.
func (h *Host) search(
	ctx context.Context, sources []Source, missing Code, uuid string, suits func(*manifest.Manifest) bool,
) (Available, error) {
	var errs []error
	for _, s := range sources {
		cat, err := h.open(s)
		if err != nil {
			return Available{}, fail(CodeSource, "%w", err)
		}
		m, err := cat.Image(ctx, uuid)
		switch {
		case err == nil && suits(m):
			return Available{m, s}, nil
		case err != nil && !errors.Is(err, errNoImage):
			errs = append(errs, named(s, err))
		}
		if err := ctx.Err(); err != nil {
			return Available{}, err
		}
	}
	if err := joinSources(errs); err != nil {
		return Available{}, err
	}
	what := "an image"
	if missing == CodeActiveNotFound {
		what = "an active image"
	}
	return Available{}, fail(missing, "%s %q was not found in the sources", what, uuid)
}
