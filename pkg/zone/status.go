package zone

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

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
	c, err := h.Load(name)
	if err != nil {
		return Status{}, err
	}
	return h.status(c)
}

// List is the status of all zones, those in the kernel first by id, the others
// by name. Zones whose configuration cannot be read are reported in the error,
// beside the rest.
func (h *Host) List() ([]Status, error) {
	names, err := h.names()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	found, errs := make([]Status, len(names)), make([]error, len(names))
	each(len(names), func(i int) { found[i], errs[i] = h.Status(names[i]) })
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

// each calls f for 0 to n-1, on two processors when there is much to do.
func each(n int, f func(int)) {
	const worthwhile = 64
	if n < worthwhile {
		for i := range n {
			f(i)
		}
		return
	}
	var wg sync.WaitGroup
	for half := range 2 {
		wg.Go(func() {
			for i := half; i < n; i += 2 {
				f(i)
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

// names are those of all zones, in no order.
func (h *Host) names() ([]string, error) {
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
func (h *Host) status(c *Config) (Status, error) {
	s := Status{Name: c.Name, State: c.State, Config: c}
	boot, err := bootID()
	if err != nil {
		return s, err
	}
	dir := h.runDir(c.Name)
	run := new(RunState)
	if !read(filepath.Join(dir, "state.json"), run) || run.BootID != boot {
		run = nil // none, of an earlier boot, or not yet whole
	}
	alive := false
	if run != nil {
		if alive, err = lock.IsHeld(filepath.Join(dir, "lock")); err != nil {
			return s, err
		}
	}
	switch {
	case alive:
		s.Run, s.State = run, run.State
	case run != nil && run.State != Installed:
		s.Crashed = run
	}
	end := new(Exit)
	if read(filepath.Join(dir, "exit.json"), end) && (end.BootID == "" || end.BootID == boot) {
		s.LastEnd = end
	}
	return s, nil
}

// read reads a file that a zoneadmd writes atomically. One that is missing or
// makes no sense says nothing.
func read(file string, v any) bool {
	data, err := os.ReadFile(file)
	return err == nil && strictjson.Unmarshal(data, v) == nil
}

// runDir is what belongs to a zone's zoneadmd: lock, state.json, exit.json and
// sockets.
func (h *Host) runDir(name string) string {
	return filepath.Join(h.root.Run(), "zones", name)
}

// bootID tells this boot of the host from others.
var bootID = sync.OnceValues(func() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the boot id: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
})
