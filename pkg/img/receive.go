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

// zfsStream is the place of the reader of ZFS send streams.
type zfsStream struct{}

func (zfsStream) receive(context.Context, *Host, delivery) ([]string, error) {
	return nil, fail(CodeUnsupported, "the file is a ZFS send stream, which this version cannot receive yet; root archives (tar) can be installed")
}
