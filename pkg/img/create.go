package img

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// CreateOptions are for an image that is made of a dataset.
type CreateOptions struct {
	Dataset     string             // with the system below root/; nobody changes it meanwhile
	Manifest    *manifest.Manifest // what its maker says of it; the rest is found out
	Owner       string             // unless the manifest has one
	Brand       string             // of the machine
	Origin      string             // uuid of the image that the dataset was cloned from, "" for none
	Incremental bool               // only what it has beyond its origin
	MaxDepth    int                // of images that build upon each other; 0 for any
	Compression string             // none, gzip, xz or zstd; empty: none
	Output      string             // directory, or start of the files' path; empty: here
	Now         time.Time
	Report      func(Event)
}

// Created is an image as two files.
type Created struct {
	Manifest     *manifest.Manifest
	ManifestPath string
	FilePath     string
}

// manifestVersion is that of manifests as they are written.
const manifestVersion = 2

// The ending of a manifest's file, and that of the snapshot of a dataset that
// an image is being made of.
const (
	manifestEnding = ".imgmanifest"
	createPrefix   = "@imgadm-create-"
)

// Create makes the two files of an image of a dataset: its manifest, and its
// root as a ZFS stream. Beside root/ nothing of the dataset goes into it: what
// belongs to one machine stays there. Both files appear whole or not at all.
func (h *Host) Create(ctx context.Context, o CreateOptions) (*Created, error) {
	if err := h.Repair(ctx); err != nil {
		return nil, err
	}
	m, err := h.describe(ctx, &o)
	if err != nil {
		return nil, err
	}
	c := &Created{Manifest: m}
	if c.ManifestPath, c.FilePath, err = outputs(o, m); err != nil {
		return nil, err
	}
	l, err := h.lockImage(ctx, m.UUID)
	if err != nil {
		return nil, err
	}
	defer l.Unlock()
	undo := revert.New()
	work, err := h.bare(ctx, o, m.UUID, undo)
	if err == nil {
		err = h.export(ctx, o, c, work)
	}
	return c, errors.Join(err, undo.Fail()) // the working copy goes in any case
}

// outputs are the paths of manifest and file. What is there stays.
func outputs(o CreateOptions, m *manifest.Manifest) (manifestPath, filePath string, err error) {
	at := o.Output
	if info, err := os.Stat(at); at == "" || err == nil && info.IsDir() {
		at = filepath.Join(at, m.Name+"-"+m.Version)
	}
	manifestPath, filePath = at+manifestEnding, at+".zfs"+endings[o.Compression]
	for _, path := range []string{manifestPath, filePath} {
		if _, err := os.Lstat(path); err == nil {
			return "", "", fail(CodeFile, "%s is there already", path)
		}
	}
	return manifestPath, filePath, nil
}

// bare makes a copy of the dataset that holds nothing but its root, and takes
// the snapshot of it that images have. Undoing destroys it.
func (h *Host) bare(ctx context.Context, o CreateOptions, id string, undo *revert.Stack) (string, error) {
	h.sweepCreated(ctx, o.Dataset)
	pool, _, _ := strings.Cut(o.Dataset, "/")
	work := pool + "/" + id + partialSuffix
	snapshot := o.Dataset + createPrefix + id
	if err := h.pools.Snapshot(ctx, []string{snapshot}, zpool.SnapshotOptions{}); err != nil {
		return "", fail(CodeInternal, "%w", err)
	}
	undo.Add(func() error {
		return h.pools.Destroy(context.WithoutCancel(ctx), snapshot, zpool.DestroyOptions{})
	})
	undo.Add(func() error { return h.clear(context.WithoutCancel(ctx), pool, id) })
	if err := h.pools.Clone(ctx, snapshot, work, zpool.CreateOptions{Props: map[string]string{ignoreProp: "true"}}); err != nil {
		return "", fail(CodeInternal, "%w", err)
	}
	at, err := h.pools.Mountpoint(ctx, work)
	if err != nil {
		return "", fail(CodeInternal, "%w", err)
	}
	if err := keepRoot(at); err != nil {
		return "", fail(CodeFile, "%w", err)
	}
	return work, h.snapshot(ctx, work)
}

// keepRoot removes all but root/ from a directory.
func keepRoot(at string) error {
	dir, err := os.OpenRoot(at)
	if err != nil {
		return err
	}
	defer dir.Close()
	if info, err := dir.Lstat("root"); err != nil || !info.IsDir() {
		return errors.Join(fmt.Errorf("%s has no directory root", at), err)
	}
	list, err := os.ReadDir(at)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Name() != "root" {
			if err := dir.RemoveAll(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepCreated destroys snapshots that killed commands left of a dataset. One
// that is in use refuses to go.
func (h *Host) sweepCreated(ctx context.Context, name string) {
	list, err := h.pools.List(ctx, zpool.ListOptions{Roots: []string{name}, Recursive: true, Depth: 1, Types: []zpool.Type{zpool.Snapshot}})
	for _, d := range list {
		id, ours := strings.CutPrefix(d.Name, name+createPrefix)
		if !ours || !manifest.IsUUID(id) {
			continue
		}
		l, held := lock.Try(h.lockPath(id))
		if held != nil {
			continue
		}
		err = errors.Join(err, h.pools.Destroy(ctx, d.Name, zpool.DestroyOptions{}))
		l.Unlock()
	}
	if err != nil {
		h.log.Info("clear away what killed commands left", "dataset", name, "err", err)
	}
}

// export writes the image's file and then its manifest.
func (h *Host) export(ctx context.Context, o CreateOptions, c *Created, work string) error {
	d, err := h.pools.Get(ctx, work+finalSnapshot, "guid")
	if err != nil {
		return fail(CodeInternal, "%w", err)
	}
	send := dataset.SendOptions{}
	if o.Incremental {
		pool, _, _ := strings.Cut(work, "/")
		send.From = pool + "/" + o.Origin + finalSnapshot
	}
	o.tell(Event{Kind: Sending, Image: c.Manifest, Text: c.FilePath})
	file, err := writeCompressed(c.FilePath, o.Compression, func(w io.Writer) error {
		return h.pools.Send(ctx, work+finalSnapshot, w, send)
	})
	if err != nil {
		return fail(CodeFile, "write %s: %w", c.FilePath, err)
	}
	file.DatasetGUID = d.Get("guid")
	err = errors.Join(c.Manifest.Set("files", []manifest.File{file}), c.Manifest.Validate())
	if err == nil {
		o.tell(Event{Kind: Saving, Image: c.Manifest, Text: c.ManifestPath})
		err = writeManifest(c.ManifestPath, c.Manifest)
	}
	if err != nil {
		return fail(CodeManifest, "%w", errors.Join(err, os.Remove(c.FilePath)))
	}
	return nil
}

func (o CreateOptions) tell(e Event) {
	if o.Report != nil {
		o.Report(e)
	}
}

func writeManifest(path string, m *manifest.Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(path, append(text, '\n'), 0o644)
}

// inherited is what an image has from the one that its machine was made of.
var inherited = []string{
	"type", "os", "requirements", "users", "billing_tags", "traits", "generate_passwords", "inherited_directories",
	"nic_driver", "disk_driver", "cpu_type", "image_size",
}

// describe completes the manifest: what its maker says wins over what follows
// from the origin.
func (h *Host) describe(ctx context.Context, o *CreateOptions) (*manifest.Manifest, error) {
	if _, known := endings[o.Compression]; !known {
		return nil, fail(CodeUsage, "compression %q is not one of none, gzip, xz, zstd", o.Compression)
	}
	pool, _, _ := strings.Cut(o.Dataset, "/")
	var origin *Image
	if o.Origin != "" {
		var err error
		if origin, err = h.Installed(ctx, o.Origin, pool); err != nil && (o.Incremental || !errors.Is(err, ErrNotInstalled)) {
			return nil, err
		}
	}
	if o.Incremental {
		if err := h.checkOrigin(ctx, o, pool); err != nil {
			return nil, err
		}
	}
	m := *o.Manifest
	set := func(name string, value any) error {
		if _, given := m.Lookup(name); given {
			return nil
		}
		return m.Set(name, value)
	}
	err := errors.Join(
		m.Set("v", manifestVersion), set("uuid", uuid.NewString()), set("owner", o.Owner),
		m.Set("state", "active"), m.Set("disabled", false), set("public", false), setPublished(&m, o.Now),
	)
	if origin != nil {
		for _, name := range inherited {
			if value, has := origin.Manifest.Lookup(name); has {
				err = errors.Join(err, set(name, value))
			}
		}
	}
	if o.Brand == "lx" {
		err = errors.Join(err, set("type", "lx-dataset"), set("os", "linux"), brandOf(&m, o.Brand))
	}
	if o.Incremental {
		err = errors.Join(err, m.Set("origin", o.Origin))
	}
	if err != nil {
		return nil, fail(CodeManifest, "%w", err)
	}
	whole := m // but for the file, which is not there yet
	if err := errors.Join(whole.Set("files", []manifest.File{{SHA1: strings.Repeat("0", 40), Compression: "none"}}), whole.Validate()); err != nil {
		return nil, fail(CodeManifest, "%w", err)
	}
	return &m, nil
}

// brandOf notes in the requirements which brand an image is for.
func brandOf(m *manifest.Manifest, brand string) error {
	value, _ := m.Lookup("requirements")
	requirements, ok := value.(map[string]any)
	if !ok {
		requirements = map[string]any{}
	}
	if requirements["brand"] == nil {
		requirements["brand"] = brand
	}
	return m.Set("requirements", requirements)
}

// checkOrigin says why an image cannot be what there is beyond its origin.
func (h *Host) checkOrigin(ctx context.Context, o *CreateOptions, pool string) error {
	if o.Origin == "" {
		return fail(CodeNoOrigin, "%s was not made of an image, so that there is nothing that an incremental image could build upon", o.Dataset)
	}
	d, err := h.pools.Get(ctx, o.Dataset, "origin")
	if err != nil {
		return fail(CodeInternal, "%w", err)
	}
	if want := pool + "/" + o.Origin + finalSnapshot; d.Get("origin") != want {
		return fail(CodeOriginSnapshot, "%s was not cloned from %s, so that an incremental image cannot be made of it", o.Dataset, want)
	}
	chain, err := h.Ancestry(ctx, o.Origin, pool)
	if err != nil {
		return err
	}
	if depth := len(chain) + 1; o.MaxDepth > 0 && depth > o.MaxDepth {
		return fail(CodeMaxDepth, "the image would build upon %d others, more than the %d that are allowed", len(chain), o.MaxDepth-1)
	}
	return nil
}
