package mnt

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Memory makes a file system in memory that is mounted nowhere yet; its root is
// returned, and lasts until Move or Close.
func Memory(source string) (*os.File, error) {
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("open tmpfs: %w", err)
	}
	defer unix.Close(fs)
	if err := unix.FsconfigSetString(fs, "source", source); err != nil {
		return nil, fmt.Errorf("configure tmpfs: %w", err)
	}
	if err := unix.FsconfigSetString(fs, "mode", "0555"); err != nil {
		return nil, fmt.Errorf("configure tmpfs: %w", err)
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return nil, fmt.Errorf("make tmpfs: %w", err)
	}
	fd, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("mount tmpfs: %w", err)
	}
	return os.NewFile(uintptr(fd), source), nil
}

// Move mounts what is mounted nowhere yet on target.
func Move(what *os.File, a Attr, target *os.File) error {
	if err := unix.MountSetattr(int(what.Fd()), "", unix.AT_EMPTY_PATH, a.kernel()); err != nil {
		return fmt.Errorf("mount attributes of %s: %w", target.Name(), err)
	}
	flags := unix.MOVE_MOUNT_F_EMPTY_PATH | unix.MOVE_MOUNT_T_EMPTY_PATH
	if err := unix.MoveMount(int(what.Fd()), "", int(target.Fd()), "", flags); err != nil {
		return fmt.Errorf("mount on %s: %w", target.Name(), err)
	}
	return nil
}
