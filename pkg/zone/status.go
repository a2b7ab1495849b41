package zone

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/strictjson"
)

// Status is where a zone stands now.
type Status struct {
	Name    string
	State   State
	Config  *Config
	Run     *RunState // nil unless ready, running, shutting_down or down
	LastEnd *Exit     // nil when its init never ended in this boot of the host

	// Crashed is what a zoneadmd that died in this boot of the host wrote last:
	// its zone is down, but cgroups, links and mounts may be left of it until
	// the next boot or halt cleans up.
	Crashed *RunState
}

// Status verifies a zone's state against the kernel; ErrNotFound.
func (h *Host) Status(name string) (Status, error) {
	return h.look(name, new(reader))
}

func (h *Host) look(name string, r *reader) (Status, error) {
	c, err := h.load(name, r)
	if err != nil {
		return Status{}, err
	}
	return h.status(c, r)
}

// List is the status of all zones, those in the kernel first by id, the others
// by name. Zones whose configuration cannot be read are reported in the error,
// beside the rest.
func (h *Host) List() ([]Status, error) {
	names, err := h.names()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	ran, err := h.ran()
	if err != nil {
		return nil, err
	}
	found, errs := make([]Status, len(names)), make([]error, len(names))
	each(len(names), func(i int, r *reader) {
		if ran[names[i]] {
			found[i], errs[i] = h.look(names[i], r)
		} else {
			found[i], errs[i] = h.stored(names[i], r)
		}
	})
	list := found[:0]
	for i, s := range found {
		switch {
		case errs[i] == nil:
			list = append(list, s)
		case errors.Is(errs[i], ErrNotFound): // deleted meanwhile
			errs[i] = nil
		}
	}
	slices.SortFunc(list, order)
	return list, errors.Join(errs...)
}

// ran are the zones that have run since the host's boot.
func (h *Host) ran() (map[string]bool, error) {
	dir, err := os.Open(h.root.Run() + "/zones")
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list zones that run: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list zones that run: %w", err)
	}
	ran := make(map[string]bool, len(names))
	for _, name := range names {
		ran[name] = true
	}
	return ran, nil
}

// stored is the status of a zone that has not run.
func (h *Host) stored(name string, r *reader) (Status, error) {
	c, err := h.load(name, r)
	if err != nil {
		return Status{}, err
	}
	return Status{Name: c.Name, State: c.State, Config: c}, nil
}

// each calls f for 0 to n-1, on two processors when there is much to do.
func each(n int, f func(int, *reader)) {
	const worthwhile = 64
	workers := 1
	if n >= worthwhile {
		workers = 2
	}
	var wg sync.WaitGroup
	for first := range workers {
		wg.Go(func() {
			var r reader
			for i := first; i < n; i += workers {
				f(i, &r)
			}
		})
	}
	wg.Wait()
}

func order(a, b Status) int {
	switch {
	case a.Run != nil && b.Run != nil:
		return a.Run.ID - b.Run.ID
	case a.Run != nil:
		return -1
	case b.Run != nil:
		return 1
	}
	return strings.Compare(a.Name, b.Name)
}

// Names are those of all zones, in order.
func (h *Host) Names() ([]string, error) {
	names, err := h.names()
	slices.Sort(names)
	return names, err
}

// names are those of all zones, in no order.
func (h *Host) names() ([]string, error) {
	names, err := h.files()
	if err == nil && len(names) == 0 && h.wake() {
		return h.files()
	}
	return names, err
}

// files reads the directory of configurations.
func (h *Host) files() ([]string, error) {
	dir, err := os.Open(h.root.Zones())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list zones: %w", err)
	}
	defer dir.Close()
	files, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list zones: %w", err)
	}
	names := files[:0]
	for _, f := range files {
		if name, ok := strings.CutSuffix(f, ".json"); ok && CheckName(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}

// status adds what the kernel knows to what is stored.
func (h *Host) status(c *Config, r *reader) (Status, error) {
	s := Status{Name: c.Name, State: c.State, Config: c}
	if c.State != Installed {
		return s, nil // nothing of it can be in the kernel
	}
	boot, err := host.BootID()
	if err != nil {
		return s, err
	}
	dir := h.runDir(c.Name)
	run := new(RunState)
	if r.json(dir+"/state.json", run) && run.BootID == boot {
		if err := s.judge(run, dir); err != nil {
			return s, err
		}
	}
	end := new(Exit)
	if r.json(dir+"/exit.json", end) && (end.BootID == "" || end.BootID == boot) {
		s.LastEnd = end
	}
	return s, nil
}

// judge believes what a zoneadmd of this boot wrote while it lives.
func (s *Status) judge(run *RunState, dir string) error {
	alive, err := lock.IsHeld(dir + "/lock")
	switch {
	case err != nil:
		return err
	case alive:
		s.Run, s.State = run, run.State
	case run.State != Installed:
		s.Crashed = run
	}
	return nil
}

// runDir is what belongs to a zone's zoneadmd: lock, state.json, exit.json and
// sockets.
func (h *Host) runDir(name string) string { return h.root.Run() + "/zones/" + name }

// reader reads small files one after the other into the same memory.
type reader struct{ buf []byte }

// file is valid until the next call.
func (r *reader) file(path string) ([]byte, error) {
	data, err := host.ReadFile(path, r.buf)
	if cap(data) > cap(r.buf) {
		r.buf = data
	}
	return data, err
}

// json reads a file that a zoneadmd writes atomically. One that is missing or
// makes no sense says nothing.
func (r *reader) json(path string, v any) bool {
	data, err := r.file(path)
	return err == nil && strictjson.Unmarshal(data, v) == nil
}
