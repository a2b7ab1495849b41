package jail

import (
	"errors"
	"fmt"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// tree is the jail's mount tree while the builder builds it. Every target is
// looked up inside root, whatever symbolic links the image holds.
type tree struct {
	spec    *Spec
	userns  int
	sources sources
	root    int // the jail's root, owners shifted
	raw     int // the same directory as the host sees it, to make targets in

	empty host.MountFD // masks directories; 0 before the first

	console, slave *os.File
}

// open mounts the root over itself, shifted. No device node of an image works.
func (t *tree) open() error {
	raw, err := unix.Open(t.spec.Root, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open root %s: %w", t.spec.Root, err)
	}
	t.raw, t.root = raw, -1
	m, err := host.CloneTree(raw, "", false)
	if err != nil {
		return err
	}
	t.root = int(m)
	err = m.Set(unix.MOUNT_ATTR_NODEV, t.userns, false)
	if errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("the file system of %s cannot shift owners (idmapped mounts)", t.spec.Root)
	}
	if err != nil {
		return fmt.Errorf("shift owners of %s: %w", t.spec.Root, err)
	}
	if err := m.Attach(raw); err != nil {
		return fmt.Errorf("mount root: %w", err)
	}
	return nil
}

func (t *tree) close() {
	unix.Close(t.raw)
	if t.empty != 0 {
		t.empty.Close()
	}
	if t.root >= 0 {
		unix.Close(t.root)
	}
	for _, f := range []*os.File{t.console, t.slave} {
		if f != nil {
			f.Close()
		}
	}
}

// target opens a mount point inside, and makes it when it is missing: a
// directory, or an empty file.
func (t *tree) target(name string, dir bool) (int, error) {
	fd, err := host.OpenIn(t.root, name, unix.O_PATH)
	if !errors.Is(err, unix.ENOENT) {
		return fd, err
	}
	// Through the unshifted directory: the host's root has no id inside.
	if dir {
		fd, err = host.MkdirIn(t.raw, name, 0o755)
	} else {
		fd, err = t.makeFile(name)
	}
	if err != nil {
		return -1, err
	}
	unix.Close(fd)
	return host.OpenIn(t.root, name, unix.O_PATH)
}

func (t *tree) makeFile(name string) (int, error) {
	at, err := host.MkdirIn(t.raw, path.Dir(name), 0o755)
	if err != nil {
		return -1, err
	}
	defer unix.Close(at)
	return unix.Openat(at, path.Base(name), unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o644)
}

// attach puts m at name inside and closes it.
func (t *tree) attach(m host.MountFD, name string, dir bool) error {
	defer m.Close()
	fd, err := t.target(name, dir)
	if err != nil {
		return fmt.Errorf("mount point %s: %w", name, err)
	}
	defer unix.Close(fd)
	if err := m.Attach(fd); err != nil {
		return fmt.Errorf("mount %s: %w", name, err)
	}
	return nil
}

// newFS makes a file system and mounts it inside.
func (t *tree) newFS(name, kind string, attr int, options ...string) error {
	m, err := host.NewFS(kind, attr, options...)
	if err != nil {
		return err
	}
	return t.attach(m, name, true)
}

func (t *tree) mounts() error {
	if err := t.native(); err != nil {
		return fmt.Errorf("mount /native: %w", err)
	}
	for i := range t.spec.Mounts {
		m := &t.spec.Mounts[i]
		err := t.mount(m)
		if m.Optional && errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) mount(m *Mount) error {
	if m.FS != "" {
		return t.newFS(m.Target, m.FS, int(m.Attr), m.Options...)
	}
	fd, err := host.CloneTree(unix.AT_FDCWD, m.Source, m.Tree)
	if err != nil {
		return err
	}
	if err := t.dress(fd, m); err != nil {
		fd.Close()
		return fmt.Errorf("bind %s: %w", m.Source, err)
	}
	var st unix.Stat_t
	if err := unix.Fstatat(int(fd), "", &st, unix.AT_EMPTY_PATH); err != nil {
		fd.Close()
		return &os.PathError{Op: "stat", Path: m.Source, Err: err}
	}
	return t.attach(fd, m.Target, st.Mode&unix.S_IFMT == unix.S_IFDIR)
}

// dress sets a bind's attributes. File systems that cannot shift owners are
// bound as they are: their files are nobody's inside.
func (t *tree) dress(fd host.MountFD, m *Mount) error {
	if m.Idmap {
		err := fd.Set(m.Attr, t.userns, m.Tree)
		if !errors.Is(err, unix.EINVAL) {
			return err
		}
	}
	return fd.Set(m.Attr, 0, m.Tree)
}

// pivot makes the tree the root of the builder's mount namespace and of all
// who are in it: the child. The host's tree is gone from there.
func (t *tree) pivot() error {
	if err := unix.Fchdir(t.root); err != nil {
		return fmt.Errorf("enter the root: %w", err)
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("let go of the host's tree: %w", err)
	}
	return nil
}
