package zone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/smartbox-os/smartbox/internal/lock"
)

// spawn carries out r and leaves the zone to a zoneadmd. The lock on the zone is
// taken here and handed down, so there is no moment at which two could start.
func (h *Host) spawn(ctx context.Context, name string, r Request) error {
	if raise == nil {
		return fmt.Errorf("%s: this program has no zoneadmd: %w", r.Op, errors.ErrUnsupported)
	}
	l, err := lock.Try(filepath.Join(h.runDir(name), "lock"))
	if errors.Is(err, lock.ErrHeld) {
		return fmt.Errorf("zone %s: %w", name, ErrBusy)
	}
	if err != nil {
		return err
	}
	defer l.Unlock() // of this process's share; zoneadmd has its own
	f, err := h.OpenLog(name)
	if err != nil {
		return err
	}
	defer f.Close()
	log := slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelInfo}))
	return raise(ctx, h.root, log, name, l.File(), r)
}

// maxLog is the size at which a zoneadmd's log is put aside as .0; the older one
// goes.
const maxLog = 1 << 20

// OpenLog opens the log of a zone's zoneadmd to append to it.
func (h *Host) OpenLog(name string) (*os.File, error) {
	path := h.LogFile(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if st, err := os.Lstat(path); err == nil && st.Size() > maxLog {
		if err := os.Rename(path, path+".0"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
}
