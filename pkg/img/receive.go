package img

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/pkg/img/archive"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// delivery is an image's content on its way into a dataset that does not exist
// yet.
type delivery struct {
	manifest *manifest.Manifest
	content  *archive.Content
	dataset  string // to be made; the caller destroys it when this fails
	origin   string // snapshot that the content builds upon, "" for none
}

// receiver makes the dataset of one kind of image file and fills it. Notes are
// sentences about what was left out.
type receiver interface {
	receive(ctx context.Context, h *Host, d delivery) (notes []string, err error)
}

// receivers by what the file holds.
func receivers() map[archive.Kind]receiver {
	return map[archive.Kind]receiver{archive.Tar: rootArchive{}, archive.ZFS: zfsStream{}}
}

// rootArchive unpacks the files of a system into root/ of a filesystem.
type rootArchive struct{}

func (rootArchive) receive(ctx context.Context, h *Host, d delivery) ([]string, error) {
	if d.manifest.Type == "zvol" {
		return nil, fail(CodeContent, "the manifest's type is zvol, a disk, but the file holds a root archive (tar)")
	}
	if err := h.makeFilesystem(ctx, d); err != nil {
		return nil, err
	}
	at, err := h.pools.Mountpoint(ctx, d.dataset)
	if err != nil {
		return nil, fail(CodeInternal, "%w", err)
	}
	// What is unpacked may be setuid: only root may come near it.
	if err := os.Chmod(at, 0o700); err != nil {
		return nil, fail(CodeFile, "%w", err)
	}
	root := filepath.Join(at, "root")
	if err := os.Mkdir(root, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fail(CodeFile, "%w", err)
	}
	result, err := archive.Unpack(ctx, d.content, root, archive.DefaultLimits())
	return result.Notes, err
}

func (h *Host) makeFilesystem(ctx context.Context, d delivery) error {
	var err error
	if d.origin != "" {
		err = h.pools.Clone(ctx, d.origin, d.dataset, zpool.CreateOptions{})
	} else {
		err = h.pools.Create(ctx, d.dataset, zpool.CreateOptions{})
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", d.dataset, err)
	}
	return nil
}

// zfsStream makes the dataset of a ZFS send stream, which is that of one
// snapshot: all of the image, or what it has beyond its origin.
type zfsStream struct{}

func (zfsStream) receive(ctx context.Context, h *Host, d delivery) ([]string, error) {
	var notes []string
	count := 0
	err := h.pools.Receive(ctx, d.dataset, d.content, zpool.ReceiveOptions{
		Zone: true, Origin: d.origin,
		Exclude: []string{"mountpoint", "canmount", "quota", "refquota", "reservation", "refreservation"},
		Report: func(r dataset.Received) {
			if r.Done {
				notes = append(notes, r.Notes...)
				count++
			}
		},
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("receive the ZFS stream: %w", err)
	case count != 1:
		return nil, fail(CodeContent, "the ZFS stream has %d snapshots: an image is one", count)
	}
	if err := checkKind(ctx, h, d); err != nil {
		return nil, err
	}
	return notes, h.nameSnapshot(ctx, d.dataset)
}

// checkKind compares what came with what the manifest says.
func checkKind(ctx context.Context, h *Host, d delivery) error {
	got, err := h.pools.Get(ctx, d.dataset, "type")
	if err != nil {
		return fail(CodeInternal, "%w", err)
	}
	if isDisk := d.manifest.Type == "zvol"; isDisk != (got.Type == zpool.Volume) {
		return fail(CodeContent, "the manifest's type is %s, but the ZFS stream is of a %s", d.manifest.Type, got.Type)
	}
	return nil
}

// nameSnapshot gives the snapshot that came the name that images have.
func (h *Host) nameSnapshot(ctx context.Context, name string) error {
	found, err := h.pools.List(ctx, zpool.ListOptions{
		Roots: []string{name}, Recursive: true, Depth: 1, Types: []zpool.Type{zpool.Snapshot}, Props: []string{"name"},
	})
	if err != nil {
		return fail(CodeInternal, "%w", err)
	}
	if len(found) != 1 {
		return fail(CodeContent, "the ZFS stream has %d snapshots: an image is one", len(found))
	}
	if found[0].Name == name+finalSnapshot {
		return nil
	}
	return h.pools.Rename(ctx, found[0].Name, name+finalSnapshot, zpool.RenameOptions{})
}

// snapshot takes the snapshot that an image is, unless it came with it.
func (h *Host) snapshot(ctx context.Context, name string) error {
	switch there, err := h.exists(ctx, name+finalSnapshot); {
	case err != nil:
		return err
	case there:
		return nil
	}
	return h.pools.Snapshot(ctx, []string{name + finalSnapshot}, zpool.SnapshotOptions{})
}
