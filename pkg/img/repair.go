package img

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// keepDownloads is how long a part of a file waits for its import to go on.
const keepDownloads = 7 * 24 * time.Hour

// Repair clears away what killed commands left: partial datasets, records
// without a dataset, temporary files, downloads that nobody came back for. What
// belongs to an image whose lock is held is left to its holder. It is called
// before images are made or removed.
func (h *Host) Repair(ctx context.Context) error {
	datasets, err := h.pools.List(ctx, zpool.ListOptions{
		Recursive: true, Depth: 1, Types: []zpool.Type{zpool.Filesystem, zpool.Volume},
	})
	if errors.Is(err, zpool.ErrNotFound) || errors.Is(err, zpool.ErrNoPool) {
		return nil
	}
	if err != nil {
		return fail(CodeInternal, "list datasets: %w", err)
	}
	there := map[string]bool{}
	var errs []error
	for _, d := range datasets {
		there[d.Name] = true
		if pool, uuid, ok := partialOf(d.Name); ok {
			errs = append(errs, h.unlocked(uuid, func() error { return h.clear(ctx, pool, uuid) }))
		}
	}
	errs = append(errs, h.repairRecords(ctx, there), h.repairDownloads())
	return errors.Join(errs...)
}

func partialOf(dataset string) (pool, uuid string, ok bool) {
	pool, name, _ := strings.Cut(dataset, "/")
	uuid, ok = strings.CutSuffix(name, partialSuffix)
	return pool, uuid, ok && manifest.IsUUID(uuid)
}

// unlocked does something to an image that nobody else is at work on.
func (h *Host) unlocked(uuid string, do func() error) error {
	l, err := lock.Try(h.lockPath(uuid))
	if errors.Is(err, lock.ErrHeld) {
		return nil
	}
	if err != nil {
		return fail(CodeFile, "image %s: %w", uuid, err)
	}
	defer l.Unlock()
	return do()
}

// repairRecords removes records of images that are gone from pools that are
// here, and what was to become a record.
func (h *Host) repairRecords(ctx context.Context, there map[string]bool) error {
	dir := filepath.Join(h.root.Imgadm(), "images")
	orphan := func(name, uuid string) bool {
		pool, ok := strings.CutSuffix(name, "-"+uuid+".json")
		return ok && there[pool] && !there[pool+"/"+uuid]
	}
	return h.eachFile(dir, func(name, uuid string) func() error {
		switch {
		case isTemporary(name):
			return func() error { return os.Remove(filepath.Join(dir, name)) }
		case orphan(name, uuid): // as it was; clear looks again
			return func() error { return h.clear(ctx, strings.TrimSuffix(name, "-"+uuid+".json"), uuid) }
		}
		return nil
	})
}

func (h *Host) repairDownloads() error {
	dir := filepath.Join(h.root.Imgadm(), "downloads")
	return h.eachFile(dir, func(name, _ string) func() error {
		path := filepath.Join(dir, name)
		info, err := os.Lstat(path)
		if err == nil && (isTemporary(name) || time.Since(info.ModTime()) > keepDownloads) {
			return func() error { return os.Remove(path) }
		}
		return nil
	})
}

var uuidIn = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
})

// eachFile asks for every file of a directory what to do about it, and does it
// if nobody is at work on its image. Files that go meanwhile are no concern.
func (h *Host) eachFile(dir string, judge func(name, uuid string) func() error) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fail(CodeFile, "%w", err)
	}
	var errs []error
	for _, e := range entries {
		uuid := uuidIn().FindString(e.Name())
		if uuid == "" {
			continue
		}
		do := judge(e.Name(), uuid)
		if do == nil {
			continue
		}
		if err := h.unlocked(uuid, do); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// isTemporary knows the names of internal/atomicfile.
func isTemporary(name string) bool { return name[0] == '.' && strings.Contains(name, ".tmp") }
