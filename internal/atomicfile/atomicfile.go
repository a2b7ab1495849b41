// Package atomicfile replaces a file so that a reader or a crash sees the old
// or the new content whole. It never follows a symbolic link at the target.
package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Write puts data at path: a temporary file beside it, fsync, rename, fsync of
// the directory. The directory must exist. What a killed write left is used and
// so removed by the next one of the same file.
func Write(path string, data []byte, perm os.FileMode) error {
	f, err := temporary(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer f.Close() // and with it the lock, not before the rename
	if err = fill(f, data, perm); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name()) // best effort, the error to tell is the first
		return fmt.Errorf("write %s: %w", path, err)
	}
	return SyncDir(filepath.Dir(path))
}

// temporary opens the temporary file for path, empty: the one name that all
// writes use or, while somebody else does, another.
func temporary(path string) (*os.File, error) {
	dir, name := filepath.Split(path)
	f, err := os.OpenFile(dir+"."+name+".tmp", os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err == nil && claim(f) {
		return f, nil
	}
	if err == nil {
		f.Close()
	}
	return os.CreateTemp(filepath.Clean(dir), "."+name+".tmp*")
}

// claim makes a temporary file this write's own, and empties it. It fails when
// another write has it in hand, or has just given it its name, and for what no
// write of ours has left.
func claim(f *os.File) bool {
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return false
	}
	var have, named syscall.Stat_t
	if syscall.Fstat(int(f.Fd()), &have) != nil || syscall.Lstat(f.Name(), &named) != nil {
		return false
	}
	if have.Mode&syscall.S_IFMT != syscall.S_IFREG || have.Nlink != 1 || have.Dev != named.Dev || have.Ino != named.Ino {
		return false
	}
	return have.Size == 0 || f.Truncate(0) == nil
}

// Replace is Write for what a power cut may take: run time state, which is
// void after a reboot anyway. It does not wait for the disk.
func Replace(path string, data []byte, perm os.FileMode) error {
	tmp := fmt.Sprintf("%s.tmp%d", path, os.Getpid())
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, perm)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(tmp) // best effort, the error to tell is the first
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func fill(f *os.File, data []byte, perm os.FileMode) error {
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Chmod(perm); err != nil {
		return err
	}
	return f.Sync()
}

// SyncDir makes renames and removals in dir last through a power cut.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
