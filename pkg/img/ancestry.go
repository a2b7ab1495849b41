package img

import (
	"context"
	"errors"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Ancestry lists an installed image and the images that it builds upon, itself
// first.
func (h *Host) Ancestry(ctx context.Context, uuid, pool string) ([]*Image, error) {
	var chain []*Image
	for next := uuid; next != "" && len(chain) < maxAncestry; {
		i, err := h.Installed(ctx, next, pool)
		if len(chain) > 0 && errors.Is(err, ErrNotInstalled) {
			return nil, fail(CodeOriginMissing, "image %s builds upon image %s, which is not installed",
				chain[len(chain)-1].Manifest.UUID, next)
		}
		if err != nil {
			return nil, err
		}
		chain = append(chain, i)
		next = i.Manifest.Origin
	}
	return chain, nil
}

// Children are what depends on an image.
type Children struct {
	Snapshots []string `json:"snapshots"`
	Clones    []string `json:"clones"`
}

// Children lists the snapshots of an image and what was cloned from them.
func (h *Host) Children(ctx context.Context, i *Image) (Children, error) {
	c := Children{Snapshots: []string{}, Clones: []string{}}
	datasets, err := h.pools.List(ctx, zpool.ListOptions{
		Roots: []string{i.Dataset()}, Recursive: true, Types: []zpool.Type{zpool.Snapshot},
	})
	if err != nil {
		return c, fail(CodeInternal, "list snapshots of %s: %w", i.Dataset(), err)
	}
	for _, d := range datasets {
		if _, name, ok := strings.Cut(d.Name, "@"); ok && name != "" {
			c.Snapshots = append(c.Snapshots, d.Name)
		}
	}
	clones, err := h.clones(ctx)
	if err != nil {
		return c, err
	}
	c.Clones = append(c.Clones, clones[i.Dataset()]...)
	return c, nil
}
