package jail

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// Native is what a jail sees at /native: this very binary under the names of
// tools, and files of the host such as sockets. All of it is read-only, and the
// binary's owner has no id inside: it can't be overwritten through
// /proc/PID/exe either.
type Native struct {
	Links []string          // below /native: usr/bin/mdata-get
	Files map[string]string // below /native -> content
	Binds map[string]string // below /native -> path on the host
}

const nativeBinary = "smartbox"

// sources are mounts taken in the host's mount namespace, before the builder
// leaves it.
type sources struct {
	binary host.MountFD
	err    error
}

func (k *builder) takeSources() sources {
	if k.spec.Native == nil {
		return sources{binary: -1}
	}
	m, err := host.CloneTree(unix.AT_FDCWD, "/proc/self/exe", false)
	if err != nil {
		return sources{binary: -1, err: fmt.Errorf("bind this binary: %w", err)}
	}
	return sources{binary: m}
}

func (s sources) close() {
	if s.binary >= 0 {
		s.binary.Close()
	}
}

// native fills a small file system and freezes it.
func (t *tree) native() error {
	n := t.spec.Native
	if n == nil {
		return nil
	}
	if t.sources.err != nil {
		return t.sources.err
	}
	if err := t.newFS("/native", "tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, "mode=755", "size=64k", "nr_inodes=256"); err != nil {
		return err
	}
	dir, err := host.OpenIn(t.root, "/native", unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	if err := t.ownNative(dir); err != nil {
		return err
	}
	for _, l := range n.Links {
		if err := t.nativeLink(dir, l); err != nil {
			return fmt.Errorf("%s: %w", l, err)
		}
	}
	for name, text := range n.Files {
		if err := writeFile(dir, name, text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := t.nativeBinds(dir); err != nil {
		return err
	}
	return host.MountFD(dir).Set(unix.MOUNT_ATTR_RDONLY, 0, false)
}

func (t *tree) ownNative(dir int) error {
	base := int(t.spec.UIDBase)
	return unix.Fchown(dir, base, base)
}

func (t *tree) nativeLink(dir int, name string) error {
	at, err := host.MkdirIn(dir, path.Dir(name), 0o755)
	if err != nil {
		return err
	}
	defer unix.Close(at)
	up := strings.Repeat("../", strings.Count(path.Clean(name), "/"))
	return unix.Symlinkat(up+nativeBinary, at, path.Base(name))
}

func (t *tree) nativeBinds(dir int) error {
	binary := t.sources.binary
	if err := binary.Set(unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, 0, false); err != nil {
		return err
	}
	if err := attachFile(dir, nativeBinary, binary); err != nil {
		return err
	}
	for name, source := range t.spec.Native.Binds {
		m, err := host.CloneTree(unix.AT_FDCWD, source, false)
		if err != nil {
			return err
		}
		err = errors.Join(m.Set(unix.MOUNT_ATTR_RDONLY|procAttr, 0, false), attachFile(dir, name, m))
		m.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func attachFile(dir int, name string, m host.MountFD) error {
	at, err := host.MkdirIn(dir, path.Dir(name), 0o755)
	if err != nil {
		return err
	}
	defer unix.Close(at)
	fd, err := unix.Openat(at, path.Base(name), unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o444)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return m.Attach(fd)
}

func writeFile(dir int, name, text string) error {
	fd, err := unix.Openat(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o444)
	if err != nil {
		return err
	}
	_, err = unix.Write(fd, []byte(text))
	return errors.Join(err, unix.Close(fd))
}
