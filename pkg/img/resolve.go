package img

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// maxAncestry bounds a chain of origins; docker images are the longest.
const maxAncestry = 128

// resolve finds the image that a user means: by uuid, or by NAME or
// NAME@VERSION when that fits exactly one image of a source.
func (h *Host) resolve(ctx context.Context, sources []Source, id string) (Available, error) {
	if manifest.IsUUID(id) {
		return h.search(ctx, sources, CodeActiveNotFound, id, (*manifest.Manifest).Active)
	}
	name, version, _ := strings.Cut(id, "@")
	if name == "" || manifest.IsUUID(strings.ToLower(id)) {
		return Available{}, InvalidUUID(id)
	}
	var errs []error
	for _, s := range sources {
		images, err := h.images(ctx, s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		var fit []*manifest.Manifest
		for _, m := range images {
			if m.Name == name && (version == "" || m.Version == version) {
				fit = append(fit, m)
			}
		}
		switch len(fit) {
		case 0:
		case 1:
			return Available{fit[0], s}, nil
		default:
			return Available{}, ambiguous(id, s, fit)
		}
	}
	if err := joinSources(errs); err != nil {
		return Available{}, err
	}
	return Available{}, failHint(CodeActiveNotFound, "imgadm avail lists what there is",
		"no image named %q was found in the sources", id)
}

func ambiguous(id string, s Source, fit []*manifest.Manifest) error {
	var names []string
	for _, m := range fit[:min(len(fit), 5)] {
		names = append(names, fmt.Sprintf("%s (%s@%s)", m.UUID, m.Name, m.Version))
	}
	if len(fit) > len(names) {
		names = append(names, fmt.Sprintf("and %d more", len(fit)-len(names)))
	}
	return failHint(CodeAmbiguous, "name the uuid, or NAME@VERSION",
		"%q fits %d images of %s: %s", id, len(fit), s.URL, strings.Join(names, ", "))
}

// missing lists what has to come from the source for image a: its origins that
// are not installed, the oldest first, and a itself.
func (h *Host) missing(ctx context.Context, a Available, pool string) ([]target, error) {
	cat, err := h.open(a.Source)
	if err != nil {
		return nil, fail(CodeSource, "%w", err)
	}
	var chain []target
	seen := map[string]bool{}
	for m := a.Manifest; ; {
		if seen[m.UUID] || len(chain) >= maxAncestry {
			return nil, fail(CodeInvalidManifest, "the origins of image %s never end", a.Manifest.Title())
		}
		seen[m.UUID] = true
		file, err := checkManifest(m)
		if err != nil {
			return nil, fail(CodeOf(err), "image %s of %s: %w", m.UUID, a.Source.URL, err)
		}
		chain = append([]target{{m: m, file: file, pool: pool, source: a.Source.URL}}, chain...)
		if m.Origin == "" {
			return chain, nil
		}
		there, err := h.exists(ctx, pool+"/"+m.Origin)
		if err != nil || there {
			return chain, err
		}
		origin, err := cat.Image(ctx, m.Origin)
		if errors.Is(err, errNoImage) {
			return nil, fail(CodeOriginNotFound, "image %s builds upon image %s, which %s does not have",
				m.Title(), m.Origin, a.Source.URL)
		}
		if err != nil {
			return nil, fail(CodeSource, "%w", named(a.Source, err))
		}
		m = origin
	}
}
