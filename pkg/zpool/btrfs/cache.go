package btrfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/lock"
)

// cacheName is the file in root.Lib() that lists the pools in use, so that
// they come back by name after a reboot of the host.
const cacheName = "zpool.cache"

// cached is one pool in the cache.
type cached struct {
	Name    string   `json:"name"`
	GUID    uint64   `json:"guid,string"`
	UUID    string   `json:"uuid"` // of the file system
	Devices []string `json:"devices"`
	State   string   `json:"state,omitempty"` // making, destroying; empty in use
	total   uint64   // devices that the pool has, when it was found by a scan
}

// States of a pool whose making or destroying may have been interrupted.
const (
	stateMaking     = "making"
	stateDestroying = "destroying"
)

type cache struct {
	Pools []cached `json:"pools"`
}

func (c *cache) find(name string) *cached {
	i := slices.IndexFunc(c.Pools, func(p cached) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Pools[i]
}

func (c *cache) drop(name string) {
	c.Pools = slices.DeleteFunc(c.Pools, func(p cached) bool { return p.Name == name })
}

func (c *cache) put(p cached) {
	c.drop(p.Name)
	c.Pools = append(c.Pools, p)
}

func (b *Backend) cachePath() string { return filepath.Join(b.root.Lib(), cacheName) }

func (b *Backend) readCache() (*cache, error) { return readCacheFile(b.cachePath()) }

func readCacheFile(path string) (*cache, error) {
	c := new(cache)
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read pool cache: %w", err)
	}
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("read pool cache %s: %w", path, err)
	}
	return c, nil
}

// editCache changes the cache under its lock, which is held for a moment only.
func (b *Backend) editCache(ctx context.Context, change func(*cache)) error {
	l, err := lock.Wait(ctx, filepath.Join(b.root.Lib(), "zpool.cache.lock"))
	if err != nil {
		return err
	}
	defer l.Unlock()
	c, err := b.readCache()
	if err != nil {
		return err
	}
	change(c)
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("write pool cache: %w", err)
	}
	return atomicfile.Write(b.cachePath(), append(data, '\n'), 0o600)
}
