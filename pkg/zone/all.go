package zone

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// shutdownPatience is how long HaltAll lets each zone's init end by itself.
const shutdownPatience = time.Minute

// Prepare makes what zones stand on, after a boot of the host: pools and their
// datasets, links.
func (h *Host) Prepare(ctx context.Context) error {
	return errors.Join(h.pools.MountAll(ctx), h.links.EnsureAll(ctx))
}

// ProtectLinks puts the protection of the links of all running zones in force
// again: who loads a firewall of the host's often flushes all rules first,
// these too.
func (h *Host) ProtectLinks(ctx context.Context) error {
	all, err := h.List()
	var names []string
	for _, s := range all {
		if s.Run != nil && len(s.Config.Net) > 0 {
			names = append(names, s.Name)
		}
	}
	return errors.Join(err, inParallel(names, func(name string) error {
		err := h.Refresh(ctx, name)
		if _, down := errors.AsType[*StateError](err); down || errors.Is(err, errNoSupervisor) {
			return nil // it went down meanwhile
		}
		return err
	}))
}

// BootAll boots every installed autoboot zone, some in parallel; it returns the
// joined errors of those that failed.
func (h *Host) BootAll(ctx context.Context) error {
	all, err := h.List()
	var names []string
	for _, s := range all {
		if s.State == Installed && s.Config.Autoboot {
			names = append(names, s.Name)
		}
	}
	return errors.Join(err, inParallel(names, func(name string) error {
		return h.Boot(ctx, name, BootOptions{})
	}))
}

// HaltAll shuts down every zone that runs, some in parallel, and removes what
// crashed ones have left.
func (h *Host) HaltAll(ctx context.Context) error {
	all, err := h.List()
	var names []string
	for _, s := range all {
		if s.Run != nil || s.Crashed != nil {
			names = append(names, s.Name)
		}
	}
	return errors.Join(err, inParallel(names, func(name string) error {
		return h.Shutdown(ctx, name, shutdownPatience, false)
	}))
}

// inParallel does what mostly waits for the kernel and for disks: twice as many
// at a time as there are processors.
func inParallel(names []string, do func(string) error) error {
	errs := make([]error, len(names))
	slots := make(chan struct{}, 2*runtime.NumCPU())
	var wg sync.WaitGroup
	for i, name := range names {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := do(name); err != nil {
				errs[i] = fmt.Errorf("zone %s: %w", name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
