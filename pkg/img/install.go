package img

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/img/archive"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// InstallOptions are for an image that comes from files.
type InstallOptions struct {
	Manifest *manifest.Manifest
	File     string // path of the image file
	Pool     string // empty: zones
	Now      time.Time
	Report   func(Event)
}

// Install installs an image from a manifest and a file.
func (h *Host) Install(ctx context.Context, o InstallOptions) error {
	m, file, err := prepareManifest(o.Manifest, o.Now)
	if err != nil {
		return err
	}
	t := target{m: m, file: file, pool: o.Pool, report: o.Report}
	if t.pool == "" {
		t.pool = DefaultPool
	}
	pool, err := h.checkPool(ctx, t.pool)
	if err != nil {
		return err
	}
	if err := checkSpace(pool, file.Size); err != nil {
		return err
	}
	src, err := openSized(o.File, file.Size)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := h.Repair(ctx); err != nil {
		return err
	}
	l, err := h.lockImage(ctx, m.UUID)
	if err != nil {
		return err
	}
	defer l.Unlock()
	there, err := h.exists(ctx, t.dataset())
	if err != nil {
		return err
	}
	if there {
		return fail(CodeAlreadyInstalled, "image %s is already installed on pool %q", m.Title(), t.pool)
	}
	t.tell(Event{Kind: Installing})
	if err := h.put(ctx, t, src); err != nil {
		return err
	}
	t.tell(Event{Kind: Installed})
	return nil
}

// prepareManifest checks a manifest whole and gives it what installing does
// not demand: a time of publication.
func prepareManifest(given *manifest.Manifest, now time.Time) (*manifest.Manifest, manifest.File, error) {
	m := *given
	if m.PublishedAt == "" {
		if err := setPublished(&m, now); err != nil {
			return nil, manifest.File{}, fail(CodeInternal, "%w", err)
		}
	}
	file, err := checkManifest(&m)
	return &m, file, err
}

func setPublished(m *manifest.Manifest, when time.Time) error {
	return m.Set("published_at", when.UTC().Format("2006-01-02T15:04:05.000Z"))
}

func checkManifest(m *manifest.Manifest) (manifest.File, error) {
	if err := m.Validate(); err != nil {
		return manifest.File{}, fail(CodeManifest, "%w", err)
	}
	file, ok := m.File()
	if !ok {
		return file, fail(CodeManifest, "invalid manifest: files (is missing; the image's size and sha1 are there)")
	}
	return file, nil
}

func openSized(path string, size int64) (*os.File, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, fail(CodeFile, "image file: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.Size() != size {
		err = fmt.Errorf("%s has %d bytes, the manifest declares %d", path, info.Size(), size)
	}
	if err != nil {
		f.Close()
		return nil, fail(CodeFile, "image file: %w", err)
	}
	return f, nil
}

// checkSpace refuses early what cannot fit. An image's content is hardly ever
// smaller than its file.
func checkSpace(pool zpool.Dataset, need int64) error {
	if free := pool.Int("available"); pool.Get("available") != "" && free < need {
		return fail(CodeNoSpace, "pool %q has %s free, the image needs at least %s", pool.Name, Size(free), Size(need))
	}
	return nil
}

// target is one image on its way to a pool. Its lock is held.
type target struct {
	m      *manifest.Manifest
	file   manifest.File
	pool   string
	source string
	report func(Event)
}

func (t target) dataset() string { return t.pool + "/" + t.m.UUID }

func (t target) tell(e Event) {
	if t.report != nil {
		e.Image, e.Pool, e.Source = t.m, t.pool, t.source
		t.report(e)
	}
}

// put makes the image's dataset from its file: the record, the partial
// dataset, the content (verified), the snapshot, and last the name. The caller
// holds the lock and knows that the image is not there.
func (h *Host) put(ctx context.Context, t target, src io.Reader) (err error) {
	undo := revert.New()
	defer func() {
		err = errors.Join(err, undo.Fail())
	}()
	origin, err := h.originSnapshot(ctx, t)
	if err != nil {
		return err
	}
	if err := h.clear(ctx, t.pool, t.m.UUID); err != nil {
		return err
	}
	undo.Add(func() error { return h.clear(context.WithoutCancel(ctx), t.pool, t.m.UUID) })
	if err := h.writeRecord(record{t.m, t.pool, t.source}); err != nil {
		return err
	}
	partial := t.dataset() + partialSuffix
	if err := h.fill(ctx, t, src, partial, origin); err != nil {
		return err
	}
	if err := h.snapshot(ctx, partial); err != nil {
		return fail(CodeInternal, "snapshot image %s: %w", t.m.UUID, err)
	}
	if err := h.pools.Rename(ctx, partial, t.dataset(), zpool.RenameOptions{}); err != nil {
		return fail(CodeInternal, "rename image %s: %w", t.m.UUID, err)
	}
	undo.Success()
	return nil
}

func (h *Host) originSnapshot(ctx context.Context, t target) (string, error) {
	if t.m.Origin == "" {
		return "", nil
	}
	origin, err := h.Installed(ctx, t.m.Origin, t.pool)
	if errors.Is(err, ErrNotInstalled) {
		return "", fail(CodeOriginMissing, "image %s builds upon image %s, which is not installed on pool %q", t.m.Title(), t.m.Origin, t.pool)
	}
	if err != nil {
		return "", err
	}
	return origin.Snapshot(), nil
}

// fill makes the partial dataset. The sums are compared after the last byte
// and before anything is called an image.
func (h *Host) fill(ctx context.Context, t target, src io.Reader, partial, origin string) error {
	check := newSums(t.file)
	in := &counting{r: check.reader(src), tell: func(n int64) {
		t.tell(Event{Kind: Progress, Done: n, Total: t.file.Size, Doing: Installing})
	}}
	notes, err := h.receive(ctx, t, in, partial, origin)
	if err == nil || errors.Is(err, archive.ErrDamaged) {
		// What follows the content is summed too, and a wrong sum is the
		// better explanation of damage.
		_, rest := io.Copy(io.Discard, in)
		if wrong := check.check(); rest == nil && wrong != nil {
			return fail(CodeContent, "image %s: %w", t.m.Title(), wrong)
		}
		err = errors.Join(err, rest)
	}
	if err != nil {
		return blame(t, err)
	}
	for _, note := range notes {
		t.tell(Event{Kind: Note, Text: note})
	}
	return nil
}

func (h *Host) receive(ctx context.Context, t target, in io.Reader, partial, origin string) ([]string, error) {
	content, err := archive.Open(in, archive.DefaultLimits())
	if err != nil {
		return nil, err
	}
	defer content.Close() // ends its reading ahead
	return receivers()[content.Kind].receive(ctx, h, delivery{t.m, content, partial, origin})
}

// blame words what went wrong while content was unpacked.
func blame(t target, err error) error {
	code := CodeContent
	switch known, ok := errors.AsType[*Error](err); {
	case ok:
		code = known.Code
	case errors.Is(err, context.Canceled):
		code = CodeInternal
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.Is(err, zpool.ErrNoSpace):
		return fail(CodeNoSpace, "image %s: pool %q is full: %w", t.m.Title(), t.pool, err)
	case errors.Is(err, archive.ErrDamaged):
		code = CodeUncompress
	}
	return fail(code, "image %s: %w", t.m.Title(), err)
}

// counting tells how much was read.
type counting struct {
	r    io.Reader
	n    int64
	tell func(int64)
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.tell(c.n)
	return n, err
}
