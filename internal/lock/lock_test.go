package lock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/lock"
)

func TestTry_excludes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "l")
	held, err := lock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Try(path); !errors.Is(err, lock.ErrHeld) {
		t.Fatalf("second Try: %v", err)
	}
	if _, err := lock.TryShared(path); !errors.Is(err, lock.ErrHeld) {
		t.Fatalf("TryShared beside an exclusive one: %v", err)
	}
	if is, err := lock.IsHeld(path); !is || err != nil {
		t.Fatalf("IsHeld of a held one: %v, %v", is, err)
	}
	if err := held.Unlock(); err != nil {
		t.Fatal(err)
	}
	if is, err := lock.IsHeld(path); is || err != nil {
		t.Fatalf("IsHeld of a free one: %v, %v", is, err)
	}
}

func TestIsHeld_missingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	if is, err := lock.IsHeld(path); is || err != nil {
		t.Fatalf("%v, %v", is, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatal("IsHeld made the file")
	}
}

// Somebody who lists zones all the time must never keep one from starting.
func TestIsHeld_neverInTheWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
			if _, err := lock.IsHeld(path); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 2000 {
		l, err := lock.Try(path)
		if err != nil {
			t.Error(err)
			break
		}
		l.Unlock()
	}
	stop.Store(true)
	wg.Wait()
}

func TestRemove_waitersNeverShareALock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	var inside atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				l, err := lock.Wait(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				inside.Add(-1)
				l.Remove()
			}
		})
	}
	wg.Wait()
}

func TestWait_endsWithContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	held, err := lock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := lock.Wait(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Wait: %v", err)
	}
}
