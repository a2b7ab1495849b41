// Package lock is flock(2) on a file: held until Unlock or the end of the
// process, whichever way that comes.
package lock

import (
	"context"
	"errors"
	"fmt"
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
func Try(path string) (*Lock, error) { return take(path, unix.LOCK_EX) }

// TryShared takes a shared lock on path at once or returns ErrHeld.
func TryShared(path string) (*Lock, error) { return take(path, unix.LOCK_SH) }

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

// IsHeld reports whether somebody holds the exclusive lock on path. It makes
// no file; a missing one is not held.
func IsHeld(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	err = flock(f, unix.LOCK_SH)
	if errors.Is(err, ErrHeld) {
		return true, nil
	}
	return false, err
}

// Unlock lets go of the lock.
func (l *Lock) Unlock() error { return l.f.Close() }

// File is the locked file; it must not be closed.
func (l *Lock) File() *os.File { return l.f }

func take(path string, how int) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := flock(f, how); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Lock{f}, nil
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			return ErrHeld
		}
		return err
	}
}
