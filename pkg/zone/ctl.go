package zone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"syscall"
	"time"

	"github.com/smartbox-os/smartbox/internal/host"
)

// CtlSocket is where a zoneadmd takes orders, in the zone's run directory.
const CtlSocket = "ctl.sock"

// The orders that a zoneadmd takes.
const (
	OpBoot     = "boot" // an installed or ready zone
	OpReady    = "ready"
	OpShutdown = "shutdown" // by init, or at once when Patience ends
	OpReboot   = "reboot"   // halt and boot
	OpRefresh  = "refresh"  // read the configuration again
	OpResize   = "resize"   // the console's window
)

// Request is one order to a zoneadmd, a JSON object on a connection of its own.
type Request struct {
	Op       string        `json:"op"`
	Boot     BootOptions   `json:"boot,omitzero"`
	Patience time.Duration `json:"patience,omitempty"`
	Reboot   bool          `json:"reboot,omitempty"`
	Rows     uint16        `json:"rows,omitempty"`
	Cols     uint16        `json:"cols,omitempty"`
}

// Response is a zoneadmd's answer, when the order is carried out.
type Response struct {
	Error string `json:"error,omitempty"`
	State State  `json:"state,omitempty"` // set when the order does not fit it
	Gone  bool   `json:"gone,omitempty"`  // the zone is down, it came too late
}

// errNoSupervisor says that nobody supervises the zone: it does not run.
var errNoSupervisor = errors.New("no zoneadmd runs")

// ask gives one order and waits for the answer.
func (h *Host) ask(ctx context.Context, name string, r Request) error {
	conn, err := host.DialUnix(h.RunDir(name), CtlSocket)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoSupervisor, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	answer, err := exchange(conn, r)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), answer.Gone:
		return fmt.Errorf("%s: zoneadmd ended without an answer, see %s: %w", r.Op, h.root.Display(h.LogFile(name)), errNoSupervisor)
	case err != nil:
		return fmt.Errorf("%s: ask zoneadmd: %w", r.Op, err)
	case answer.State != "":
		return &StateError{r.Op, name, answer.State}
	case answer.Error != "":
		return errors.New(answer.Error)
	}
	return nil
}

func exchange(conn net.Conn, r Request) (Response, error) {
	var answer Response
	data, err := json.Marshal(r)
	if err != nil {
		return answer, err
	}
	if _, err := conn.Write(append(data, '\n')); err != nil {
		return answer, err
	}
	return answer, json.NewDecoder(conn).Decode(&answer)
}

// RunDir is what belongs to a zone's zoneadmd: lock, state.json, exit.json and
// sockets.
func (h *Host) RunDir(name string) string { return h.runDir(name) }

// LogFile is the log of a zone's zoneadmd.
func (h *Host) LogFile(name string) string {
	return filepath.Join(h.root.Log(), "zones", name+".log")
}

// ConsoleLog is the log of a zone's console: what it printed, with times.
func (h *Host) ConsoleLog(name string) string {
	return filepath.Join(h.root.Log(), "zones", name+".console.log")
}
