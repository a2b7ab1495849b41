package btrfs

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// compress gives the subvolume's root directory the compression of r, which
// new files and directories in it inherit.
func (p *pool) compress(r *record) error {
	if r.Type == dataset.Volume { // what is written in place is not compressed
		return nil
	}
	dir, err := p.openTree(r)
	if err != nil {
		return err
	}
	defer dir.Close()
	const attr = "btrfs.compression"
	algorithm := algorithmOf(p.store.value(r, "compression"))
	if algorithm != "" {
		return noSpace(unix.Fsetxattr(int(dir.Fd()), attr, []byte(algorithm), 0))
	}
	if n, err := unix.Fgetxattr(int(dir.Fd()), attr, nil); err != nil || n == 0 {
		if errors.Is(err, unix.ENODATA) {
			err = nil
		}
		return err
	}
	return noSpace(unix.Fsetxattr(int(dir.Fd()), attr, []byte("no"), 0))
}

// algorithmOf maps ZFS's compressions to those of btrfs: the fast ones to lzo,
// gzip to zlib.
func algorithmOf(compression string) string {
	switch {
	case compression == "off" || compression == "zle":
		return ""
	case strings.HasPrefix(compression, "gzip"):
		return "zlib"
	case strings.HasPrefix(compression, "zstd"):
		return "zstd"
	}
	return "lzo"
}
