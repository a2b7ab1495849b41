package zone

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// checkpoints is where a running zone sees snapshots of itself.
const checkpoints = "/checkpoints"

// ShowCheckpoint lets a running zone see a snapshot of its root, read-only, at
// /checkpoints/NAME, until it goes down. snapshot is the directory that the
// zonepath was then. One that is shown already is shown once.
func (h *Host) ShowCheckpoint(zone, name string, snapshot *os.File) error {
	if err := checkpointName(name); err != nil {
		return err
	}
	s, err := h.Status(zone)
	if err != nil {
		return err
	}
	if s.State != Running {
		return &StateError{"show a snapshot", zone, s.State}
	}
	root, err := host.OpenIn(int(snapshot.Fd()), "root", unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	defer unix.Close(root)
	m, err := host.CloneTree(root, "", false)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	defer m.Close()
	if err := h.makeCheckpoint(s.Config, name); err != nil {
		return err
	}
	in, err := openMounts(s.Run.Init)
	if err != nil {
		return err
	}
	defer in.close()
	target, shown, err := in.find(path.Join(checkpoints, name))
	if err != nil {
		return err
	}
	defer unix.Close(target)
	if shown {
		return nil
	}
	if err := m.Set(unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOSUID, in.userns, false); err != nil {
		return fmt.Errorf("shift the owners of a snapshot: %w", err)
	}
	return in.do(func(p *host.Program) {
		p.Step("mount the snapshot")
		p.Call(unix.SYS_MOVE_MOUNT, uintptr(m), p.String(""), uintptr(target), p.String(""),
			unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH)
	})
}

// HideCheckpoint takes a snapshot from /checkpoints again, if it is there.
func (h *Host) HideCheckpoint(zone, name string) error {
	if checkpointName(name) != nil {
		return nil // it cannot be there
	}
	s, err := h.Status(zone)
	if err != nil || s.State != Running {
		return err
	}
	err = hide(s.Run.Init, path.Join(checkpoints, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("hide a snapshot: %w", err)
	}
	return h.removeCheckpoint(s.Config, name)
}

func hide(p Process, at string) error {
	in, err := openMounts(p)
	if err != nil {
		return err
	}
	defer in.close()
	target, shown, err := in.find(at)
	if err != nil {
		return err
	}
	defer unix.Close(target)
	if !shown {
		return nil
	}
	return in.do(func(p *host.Program) {
		p.Step("unmount the snapshot")
		p.Call(unix.SYS_FCHDIR, uintptr(target))
		p.Call(unix.SYS_UMOUNT2, p.String("."), unix.MNT_DETACH)
	})
}

// checkpointName refuses what is no name of a file in a directory.
func checkpointName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return fmt.Errorf("snapshot %q: not a name for a directory", name)
	}
	return nil
}

// makeCheckpoint makes the mount point, through the root as the host sees it.
func (h *Host) makeCheckpoint(c *Config, name string) error {
	root, err := h.openRoot(c)
	if err != nil {
		return err
	}
	defer unix.Close(root)
	fd, err := host.MkdirIn(root, path.Join(checkpoints, name), 0o755)
	if err != nil {
		return fmt.Errorf("mount point of a snapshot: %w", err)
	}
	return unix.Close(fd)
}

// removeCheckpoint removes the mount point unless the zone has put something
// into it.
func (h *Host) removeCheckpoint(c *Config, name string) error {
	root, err := h.openRoot(c)
	if err != nil {
		return err
	}
	defer unix.Close(root)
	dir, err := host.OpenIn(root, checkpoints, unix.O_PATH|unix.O_DIRECTORY)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	err = unix.Unlinkat(dir, name, unix.AT_REMOVEDIR)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EBUSY) {
		return nil
	}
	return err
}

func (h *Host) openRoot(c *Config) (int, error) {
	dir := path.Join(h.root.Join(c.Path), "root")
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	return fd, nil
}
