package vm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// Patience with a machine that was asked to stop.
const (
	zonePatience   = 60 * time.Second
	dockerPatience = 10 * time.Second
)

// NoChangeError says that a machine is already where a verb would bring it;
// vmadm says so and calls it success.
type NoChangeError struct{ Text string }

func (e *NoChangeError) Error() string { return e.Text }

// Start boots a stopped machine and lets it boot with the host from now on.
func (h *Host) Start(ctx context.Context, uuid string, o StartOptions) error {
	s, release, err := h.take(ctx, uuid)
	if err != nil {
		return err
	}
	defer release()
	m := h.machine(ctx, s)
	if (o.Order != "" || len(o.Disks) > 0) && (m.brand == nil || !m.brand.HVM()) {
		return errors.New("order, cdrom and disk are only for hardware virtual machines")
	}
	switch state := m.StateName(); {
	case s.State == zone.Running:
		return &NoChangeError{fmt.Sprintf("VM %s is already 'running'", uuid)}
	case state == "failed" || s.State != zone.Installed && s.State != zone.Ready:
		return &StateError{fmt.Sprintf("Cannot start vm from state %q, must be \"stopped\".", state), state}
	}
	if err := h.startable(s.Config); err != nil {
		return err
	}
	if err := h.setAutoboot(ctx, s.Name, true); err != nil {
		return err
	}
	return h.boot(ctx, s.Name)
}

// startable checks what a boot would need, while the machine is as it is.
func (h *Host) startable(c *zone.Config) error {
	b, known := BrandOf(c.Brand)
	if known {
		if err := b.Creatable(); err != nil {
			return err
		}
	}
	return h.checkNICs(nicsOf(c))
}

func (h *Host) setAutoboot(ctx context.Context, name string, on bool) error {
	return h.zones.Edit(ctx, name, func(c *zone.Config) error {
		c.Autoboot = on
		return nil
	})
}

// StopOptions say how to stop.
type StopOptions struct {
	Force   bool
	Timeout *time.Duration // before force is used; only for some machines
}

// Stop ends a machine, and keeps it from booting with the host. It does not
// wait for other operations on the machine, so that a stop by force can help
// one that hangs.
func (h *Host) Stop(ctx context.Context, uuid string, o StopOptions) error {
	s, err := h.find(uuid)
	if err != nil {
		return err
	}
	m := h.machine(ctx, s)
	m.doing = h.doing(s.Name)
	docker := h.isDocker(s.Config)
	if o.Timeout != nil && !docker && (m.brand == nil || !m.brand.HVM()) {
		return worded("Timeout option is only supported for bhyve, KVM and docker containers.")
	}
	if err := h.setAutoboot(ctx, s.Name, false); err != nil {
		return err
	}
	if s.Run == nil {
		return &NoChangeError{fmt.Sprintf("VM %s is already not 'running' (currently: %s)", uuid, m.StateName())}
	}
	switch {
	case o.Force || s.State != zone.Running:
		return h.zones.Halt(ctx, s.Name)
	case docker:
		return h.stopContainer(ctx, s.Name, o.Timeout)
	}
	return h.zones.Shutdown(ctx, s.Name, zonePatience, false)
}

func (h *Host) isDocker(c *zone.Config) bool {
	docker, _ := homes()["docker"].get(c).(bool)
	return docker
}

// stopContainer sends SIGTERM to init, and halts what does not end.
func (h *Host) stopContainer(ctx context.Context, name string, timeout *time.Duration) error {
	patience := dockerPatience
	if timeout != nil {
		patience = *timeout
	}
	if err := h.zones.Kill(ctx, name, unix.SIGTERM); err != nil {
		h.log.Info("stop", "zone", name, "error", err)
	}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		s, err := h.zones.Status(name)
		if err != nil || s.State != zone.Running {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return h.zones.Halt(ctx, name)
}

// Reboot restarts a running machine. What the boot will need is checked before
// anything is stopped.
func (h *Host) Reboot(ctx context.Context, uuid string, force bool) error {
	s, err := h.find(uuid)
	if err != nil {
		return err
	}
	docker := h.isDocker(s.Config)
	state := h.machine(ctx, s).StateName()
	if s.State != zone.Running && (!docker || s.State != zone.Installed) {
		verb := "reboot"
		if force {
			verb = "reset"
		}
		return &StateError{fmt.Sprintf("Cannot %s vm from state %q, must be \"running\"", verb, state), state}
	}
	if err := h.startable(s.Config); err != nil {
		return worded("Cannot reboot vm: %w", err)
	}
	switch {
	case s.State == zone.Installed:
		return h.boot(ctx, s.Name)
	case docker && !force:
		if err := h.stopContainer(ctx, s.Name, nil); err != nil {
			return err
		}
		return h.boot(ctx, s.Name)
	}
	restart := func() error { return h.zones.Shutdown(ctx, s.Name, zonePatience, true) }
	if force {
		restart = func() error { return h.zones.Reboot(ctx, s.Name, zone.BootOptions{}) }
	}
	if err := restart(); err != nil {
		return err
	}
	again, err := h.zones.Status(s.Name)
	if err != nil || again.Run == nil {
		return err
	}
	return h.steady(ctx, s.Name, again.Run.Booted)
}

// StartOptions are for this boot only. They concern machines with devices.
type StartOptions struct {
	Order string
	Disks []BootDisk
}

// BootDisk is a disk or cdrom that a machine has for one boot.
type BootDisk struct{ Media, Path, Model string }
