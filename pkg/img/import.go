package img

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// parallelDownloads is how many images come at once.
const parallelDownloads = 5

// ImportOptions are for an image that comes from a source.
type ImportOptions struct {
	ID      string   // uuid, NAME or NAME@VERSION
	Sources []string // URLs; none: the configured ones
	Channel string
	Pool    string // empty: zones
	Report  func(Event)
}

// Import installs an image, and the images that it builds upon, from a source.
// An image that is there already is reported and left alone.
func (h *Host) Import(ctx context.Context, o ImportOptions) error {
	if o.Pool == "" {
		o.Pool = DefaultPool
	}
	report := serial(o.Report)
	pool, err := h.checkPool(ctx, o.Pool)
	if err != nil {
		return err
	}
	if done, err := h.already(ctx, o.ID, o.Pool, report); done || err != nil {
		return err
	}
	sources, err := h.choose(o.Sources, o.Channel)
	if err != nil {
		return err
	}
	found, err := h.resolve(ctx, sources, o.ID)
	if err != nil {
		return err
	}
	if done, err := h.already(ctx, found.Manifest.UUID, o.Pool, report); done || err != nil {
		return err
	}
	report(Event{Kind: Importing, Image: found.Manifest, Pool: o.Pool, Source: found.Source.URL})
	report(Event{Kind: Ancestry, Image: found.Manifest, Pool: o.Pool})
	chain, err := h.missing(ctx, found, o.Pool)
	if err != nil {
		return err
	}
	var total int64
	for i := range chain {
		chain[i].report = report
		total += chain[i].file.Size
	}
	if err := checkSpace(pool, total); err != nil {
		return err
	}
	if err := h.Repair(ctx); err != nil {
		return err
	}
	report(Event{Kind: Downloading, Image: found.Manifest, Pool: o.Pool, Count: len(chain), Total: total})
	return h.bring(ctx, found.Source, chain, total)
}

// already reports an image that is installed.
func (h *Host) already(ctx context.Context, uuid, pool string, report func(Event)) (bool, error) {
	if !manifest.IsUUID(uuid) {
		return false, nil
	}
	i, err := h.Installed(ctx, uuid, pool)
	if errors.Is(err, ErrNotInstalled) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	report(Event{Kind: AlreadyInstalled, Image: i.Manifest, Pool: pool})
	return true, nil
}

// serial lets several goroutines report.
func serial(report func(Event)) func(Event) {
	var mu sync.Mutex
	return func(e Event) {
		if report != nil {
			mu.Lock()
			defer mu.Unlock()
			report(e)
		}
	}
}

// bring downloads several images at once and installs them one after the
// other, origins first.
func (h *Host) bring(ctx context.Context, s Source, chain []target, total int64) error {
	group, ctx := errgroup.WithContext(ctx)
	slots := make(chan struct{}, parallelDownloads)
	var done atomic.Int64
	before := make(chan struct{}) // closed when the image before is installed
	close(before)
	for _, t := range chain {
		mine := make(chan struct{})
		c := &carrier{h: h, t: t, source: s, slots: slots, before: before, done: &done, total: total}
		group.Go(func() error {
			if err := c.run(ctx); err != nil {
				return err
			}
			close(mine)
			return nil
		})
		before = mine
	}
	return group.Wait()
}

// carrier brings one image of a chain, under its lock.
type carrier struct {
	h      *Host
	t      target
	source Source
	slots  chan struct{}
	before chan struct{}
	done   *atomic.Int64 // bytes of all downloads
	total  int64
}

func (c *carrier) run(ctx context.Context) error {
	l, err := c.h.lockImage(ctx, c.t.m.UUID)
	if err != nil {
		return err
	}
	defer l.Unlock()
	there, err := c.h.exists(ctx, c.t.dataset())
	if err != nil {
		return err
	}
	if there { // somebody was faster
		c.t.tell(Event{Kind: AlreadyInstalled})
		return nil
	}
	src, used, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer src.Close()
	select {
	case <-c.before:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := c.h.put(ctx, c.t, src); err != nil {
		return err
	}
	used()
	c.t.tell(Event{Kind: Installed})
	return nil
}

// open gives the image's file, downloaded if it has to be; used is called when
// it is no longer needed.
func (c *carrier) open(ctx context.Context) (src io.ReadCloser, used func(), err error) {
	cat, err := c.h.open(c.source)
	if err != nil {
		return nil, nil, fail(CodeSource, "%w", err)
	}
	src, err = cat.Open(c.t.m.UUID)
	if err == nil {
		return src, func() {}, nil
	}
	remote, ok := cat.(server)
	if !ok || !errors.Is(err, errRemote) {
		return nil, nil, fail(CodeFile, "image %s: %w", c.t.m.Title(), err)
	}
	defer remote.Close()
	path, err := c.download(ctx, remote)
	if err != nil {
		return nil, nil, err
	}
	src, err = openRegular(path)
	if err != nil {
		return nil, nil, fail(CodeFile, "image %s: %w", c.t.m.Title(), err)
	}
	return src, func() { os.Remove(path) }, nil
}

func (c *carrier) download(ctx context.Context, from server) (string, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	dir := filepath.Join(c.h.root.Imgadm(), "downloads")
	if err := privateDir(dir); err != nil {
		return "", err
	}
	var mine int64
	d := download{
		client: from.Client, dir: dir, uuid: c.t.m.UUID, file: c.t.file, stall: stallTime, pause: firstPause,
		tell: func(n int64) {
			done := c.done.Add(n - mine)
			mine = n
			c.t.tell(Event{Kind: Progress, Doing: Downloading, Done: done, Total: c.total})
		},
		resume: func(have int64) { c.t.tell(Event{Kind: Resumed, Done: have, Total: c.t.file.Size}) },
	}
	path, err := d.run(ctx)
	if err != nil {
		code := CodeDownload
		if known, ok := errors.AsType[*Error](err); ok {
			code = known.Code
		}
		return "", fail(code, "download image %s: %w", c.t.m.Title(), err)
	}
	c.t.tell(Event{Kind: Downloaded, Total: c.t.file.Size})
	return path, nil
}
