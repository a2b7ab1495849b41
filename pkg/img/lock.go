package img

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// lockImage takes the lock of one image, which everybody holds who makes or
// removes it.
func (h *Host) lockImage(ctx context.Context, uuid string) (*lock.Lock, error) {
	l, err := lock.Wait(ctx, h.lockPath(uuid))
	if err != nil {
		return nil, fail(CodeFile, "image %s: %w", uuid, err)
	}
	return l, nil
}

func (h *Host) lockPath(uuid string) string {
	return filepath.Join(h.root.Run(), "img."+uuid+".import.lock")
}

// clear destroys the partial dataset of an image, and its record if the image
// is not there. The caller holds the lock.
func (h *Host) clear(ctx context.Context, pool, uuid string) error {
	partial := pool + "/" + uuid + partialSuffix
	err := h.pools.Destroy(ctx, partial, zpool.DestroyOptions{Recursive: true, Force: true})
	if err != nil && !errors.Is(err, zpool.ErrNotFound) {
		return fail(CodeInternal, "destroy what is left of image %s: %w", uuid, err)
	}
	there, err := h.exists(ctx, pool+"/"+uuid)
	if err != nil || there {
		return err
	}
	return h.removeRecord(pool, uuid)
}

func (h *Host) exists(ctx context.Context, dataset string) (bool, error) {
	_, err := h.pools.Get(ctx, dataset, "type")
	if errors.Is(err, zpool.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fail(CodeInternal, "%s: %w", dataset, err)
	}
	return true, nil
}

// checkPool says plainly that there is no such pool.
func (h *Host) checkPool(ctx context.Context, pool string) (zpool.Dataset, error) {
	if pool == "" || strings.ContainsAny(pool, "/@ ") {
		return zpool.Dataset{}, fail(CodePoolNotFound, "%q is not the name of a pool", pool)
	}
	d, err := h.pools.Get(ctx, pool, "available")
	if errors.Is(err, zpool.ErrNotFound) || errors.Is(err, zpool.ErrNoPool) {
		return d, failHint(CodePoolNotFound, fmt.Sprintf("zpool create %s DEVICE-OR-FILE makes one", pool),
			"pool %q does not exist", pool)
	}
	if err != nil {
		return d, fail(CodeInternal, "pool %s: %w", pool, err)
	}
	return d, nil
}

// privateDir makes a directory for root alone.
func privateDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fail(CodeFile, "%w", err)
	}
	return nil
}
