package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// ParseSignal reads a signal's name, with or without SIG, or number; 0 only
// asks whether init is there.
func ParseSignal(text string) (syscall.Signal, error) {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n <= 64 {
		return syscall.Signal(n), nil
	}
	name := strings.ToUpper(text)
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if sig := unix.SignalNum(name); sig != 0 {
		return sig, nil
	}
	return 0, worded("Invalid signal %q", text)
}

// Kill sends a signal to the init of a running machine.
func (h *Host) Kill(ctx context.Context, uuid string, sig syscall.Signal) error {
	s, err := h.find(uuid)
	if err != nil {
		return err
	}
	if s.Run == nil || s.Run.Init.Pid == 0 {
		return worded("Cannot find running init PID for VM %s", uuid)
	}
	return h.zones.Kill(ctx, s.Name, sig)
}

// Console connects to a running machine's console.
func (h *Host) Console(ctx context.Context, uuid string) (io.ReadWriteCloser, error) {
	s, err := h.find(uuid)
	if err != nil {
		return nil, err
	}
	if s.State != zone.Running {
		state := h.machine(ctx, s).StateName()
		return nil, &StateError{fmt.Sprintf("cannot connect to console when state is '%s' must be 'running'.", state), state}
	}
	return h.zones.Console(ctx, s.Name, zone.ConsoleOptions{UntilHalt: true})
}

// SysrqTypes are what sysrq can send.
var SysrqTypes = []string{"nmi", "screenshot"}

// Sysrq sends a system request to a guest kernel.
func (h *Host) Sysrq(ctx context.Context, uuid, _ string) error {
	s, err := h.find(uuid)
	if err != nil {
		return err
	}
	b, _ := BrandOf(s.Config.Brand)
	if b == nil || !b.HVM() {
		return errors.New("sysrq is only supported for kvm and bhyve VMs")
	}
	return b.Creatable()
}

// Info asks a running machine's hypervisor for facts of the given types.
func (h *Host) Info(ctx context.Context, uuid string, types []string) (any, error) {
	s, err := h.find(uuid)
	if err != nil {
		return nil, err
	}
	m := h.machine(ctx, s)
	if s.State != zone.Running {
		return nil, worded("Unable to get info for vm from state %q, must be \"running\" or \"stopping\".", m.StateName())
	}
	if m.brand == nil || m.brand.InfoTypes() == nil {
		return nil, fmt.Errorf("no info types supported for brand %q", s.Config.Brand)
	}
	return nil, m.brand.Creatable()
}
