package zone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/smartbox-os/smartbox/internal/lock"
)

// zoneadmd is the name under which this binary is a supervisor.
const zoneadmd = "zoneadmd"

// Descriptors that a zoneadmd is born with.
const (
	LockFD  = 3 // the zone's lock, held
	ReadyFD = 4 // gets the Response to its first order
)

// spawn starts a zoneadmd, which carries out r, and waits for its answer. The
// lock on the zone is taken here and handed down, so there is no moment at
// which two could start.
func (h *Host) spawn(ctx context.Context, name string, r Request) error {
	l, err := lock.Try(filepath.Join(h.runDir(name), "lock"))
	if errors.Is(err, lock.ErrHeld) {
		return fmt.Errorf("zone %s: %w", name, ErrBusy)
	}
	if err != nil {
		return err
	}
	defer l.Unlock() // of this process's share; zoneadmd has its own
	answer, ready, err := os.Pipe()
	if err != nil {
		return err
	}
	defer answer.Close()
	p, err := h.start(name, r, l.File(), ready)
	ready.Close()
	if err != nil {
		return fmt.Errorf("start %s: %w", zoneadmd, err)
	}
	go p.Wait() // it outlives short commands; long-lived callers must reap it
	stop := context.AfterFunc(ctx, func() { p.Kill() })
	defer stop()
	var told Response
	err = json.NewDecoder(answer).Decode(&told)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s: %s died; its log is %s", r.Op, zoneadmd, h.root.Display(h.LogFile(name)))
	case err != nil:
		return fmt.Errorf("%s: answer of %s: %w", r.Op, zoneadmd, err)
	case told.Error != "":
		return errors.New(told.Error)
	}
	return nil
}

func (h *Host) start(name string, r Request, held, ready *os.File) (*os.Process, error) {
	order, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(h.LogFile(name)), 0o755); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(h.LogFile(name), os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	return os.StartProcess("/proc/self/exe", []string{zoneadmd, "-z", name, string(order)}, &os.ProcAttr{
		Dir: "/",
		// A small heap: one of these waits beside every zone.
		Env:   []string{"SMARTBOX_ROOT=" + h.root.Join(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "GOMAXPROCS=1", "GOGC=50"},
		Files: []*os.File{null, log, log, held, ready},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
}
