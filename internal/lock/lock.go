// Package lock is a lock on a file, held until Unlock or the end of the last
// process that has the file open, whichever way that comes. It uses open file
// description locks (fcntl(2)), since they can be asked about without being
// taken: looking never makes somebody else's Try fail.
package lock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// ErrHeld says that another process (or another Lock of this one) has it.
var ErrHeld = errors.New("lock is held by another process")

// Lock is a held lock.
type Lock struct{ f *os.File }

// Try takes the exclusive lock on path at once or returns ErrHeld. The file
// and its directory are made as needed and stay.
func Try(path string) (*Lock, error) { return take(path, unix.F_WRLCK) }

// TryShared takes a shared lock on path at once or returns ErrHeld.
func TryShared(path string) (*Lock, error) { return take(path, unix.F_RDLCK) }

// Wait takes the exclusive lock on path, waiting until ctx ends.
func Wait(ctx context.Context, path string) (*Lock, error) {
	pause := time.Millisecond
	for {
		l, err := Try(path)
		if err == nil || !errors.Is(err, ErrHeld) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s: %w", path, ctx.Err())
		case <-time.After(pause):
		}
		pause = min(2*pause, 50*time.Millisecond)
	}
}

// IsHeld reports whether somebody holds the exclusive lock on path. It takes
// no lock and makes no file; a missing one is not held.
func IsHeld(path string) (bool, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	ask := whole(unix.F_RDLCK)
	if err := unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, &ask); err != nil {
		return false, fmt.Errorf("lock %s: %w", path, err)
	}
	return ask.Type != unix.F_UNLCK, nil
}

// Unlock lets go of the lock.
func (l *Lock) Unlock() error { return l.f.Close() }

// Remove deletes the lock's file and lets go of the lock. Who waits for it
// meanwhile gets a lock on a new file of that name.
func (l *Lock) Remove() error {
	err := os.Remove(l.f.Name())
	return errors.Join(err, l.f.Close())
}

// File is the locked file; it must not be closed.
func (l *Lock) File() *os.File { return l.f }

func take(path string, how int16) (*Lock, error) {
	for {
		f, err := open(path)
		if err != nil {
			return nil, fmt.Errorf("lock: %w", err)
		}
		ask := whole(how)
		if err := set(f, &ask); err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if current(f, path) {
			return &Lock{f}, nil
		}
		f.Close() // removed between open and lock: a lock on nothing
	}
}

func open(path string) (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | unix.O_NOFOLLOW
	f, err := os.OpenFile(path, flags, 0o600)
	if !errors.Is(err, os.ErrNotExist) {
		return f, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(path, flags, 0o600)
}

func whole(how int16) unix.Flock_t { return unix.Flock_t{Type: how, Whence: io.SeekStart} }

func set(f *os.File, ask *unix.Flock_t) error {
	for {
		err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, ask)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
			return ErrHeld
		}
		return err
	}
}

func current(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Lstat(path)
	return err == nil && os.SameFile(mine, now)
}
