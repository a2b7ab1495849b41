package img

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Delete removes an installed image that nothing was cloned from.
func (h *Host) Delete(ctx context.Context, uuid, pool string) (*Image, error) {
	if pool == "" {
		pool = DefaultPool
	}
	if _, err := h.Installed(ctx, uuid, pool); err != nil {
		return nil, err
	}
	if err := h.Repair(ctx); err != nil {
		return nil, err
	}
	l, err := h.lockImage(ctx, uuid)
	if err != nil {
		return nil, err
	}
	defer l.Unlock()
	i, err := h.Installed(ctx, uuid, pool) // now that nobody else is at it
	if err != nil {
		return nil, err
	}
	if err := h.refuseClones(ctx, i); err != nil {
		return nil, err
	}
	return i, h.destroy(ctx, i)
}

func (h *Host) refuseClones(ctx context.Context, i *Image) error {
	clones, err := h.clones(ctx)
	if err != nil {
		return err
	}
	return hasClones(i, clones[i.Dataset()])
}

func hasClones(i *Image, names []string) error {
	if len(names) == 0 {
		return nil
	}
	text := names[0]
	if n := len(names) - 1; n > 0 {
		text = fmt.Sprintf("%s and %d others...", text, n)
	}
	return fail(CodeHasClones, "image %s has dependent clones: %s", i.Manifest.UUID, text)
}

// destroy takes the image's name away first: from then on it is not installed,
// and a crash leaves a partial dataset that the next command removes.
func (h *Host) destroy(ctx context.Context, i *Image) error {
	partial := i.Dataset() + partialSuffix
	if err := h.clear(ctx, i.Pool, i.Manifest.UUID); err != nil {
		return err
	}
	if err := h.pools.Rename(ctx, i.Dataset(), partial, zpool.RenameOptions{}); err != nil {
		return fail(CodeInternal, "delete image %s: %w", i.Manifest.UUID, err)
	}
	err := h.pools.Destroy(ctx, partial, zpool.DestroyOptions{Recursive: true, Force: true})
	if errors.Is(err, zpool.ErrClones) || errors.Is(err, zpool.ErrBusy) {
		// Somebody cloned it just now, or works in it: it stays.
		back := h.pools.Rename(context.WithoutCancel(ctx), partial, i.Dataset(), zpool.RenameOptions{})
		if errors.Is(err, zpool.ErrClones) {
			return errors.Join(fail(CodeHasClones, "image %s has dependent clones", i.Manifest.UUID), back)
		}
		return errors.Join(fail(CodeInternal, "delete image %s: %w", i.Manifest.UUID, err), back)
	}
	if err != nil {
		return fail(CodeInternal, "delete image %s: %w", i.Manifest.UUID, err)
	}
	return h.removeRecord(i.Pool, i.Manifest.UUID)
}

// Unused lists the images that nothing was cloned from and those that would be
// unused once these are gone, in the order in which they can be deleted.
func (h *Host) Unused(ctx context.Context) ([]*Image, error) {
	images, err := h.List(ctx)
	if err != nil {
		return nil, err
	}
	gone := map[string]bool{}
	var unused []*Image
	for found := true; found; {
		found = false
		for _, i := range images {
			if gone[i.Dataset()] || slices.ContainsFunc(i.CloneNames, func(name string) bool { return !gone[name] }) {
				continue
			}
			gone[i.Dataset()] = true
			unused = append(unused, i)
			found = true
		}
	}
	return unused, nil
}
