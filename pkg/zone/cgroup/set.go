package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Set is one zone's control groups, one in each hierarchy.
type Set struct{ groups []hierarchy }

// Plan names the groups that Create would make: base/name in each hierarchy.
// Who records them first can remove them after any crash.
func Plan(base, name string) (*Set, error) {
	found, err := hierarchies()
	if err != nil {
		return nil, err
	}
	for i := range found {
		// The prefix keeps a zone's name apart from those of control files.
		found[i].dir = filepath.Join(found[i].dir, base, "zone-"+name)
	}
	return &Set{found}, nil
}

// At is the set with the given directories, as Dirs returned them.
func At(dirs []string) *Set {
	s := new(Set)
	for _, dir := range dirs {
		h := hierarchy{dir: dir, v2: magic(dir) == unix.CGROUP2_SUPER_MAGIC}
		if rest, ok := strings.CutPrefix(dir, mountPoint+"/"); ok && !h.v2 {
			first, _, _ := strings.Cut(rest, "/")
			h.controllers = strings.Split(first, ",")
		}
		s.groups = append(s.groups, h)
	}
	return s
}

// Dirs are the directories of the groups.
func (s *Set) Dirs() []string {
	dirs := make([]string, len(s.groups))
	for i, g := range s.groups {
		dirs[i] = g.dir
	}
	return dirs
}

// Create makes the groups. What a zone manages itself (the v2 group and
// systemd's own v1 hierarchy) is given to owner; limits stay the host's.
func (s *Set) Create(owner int) error {
	for _, g := range s.groups {
		if err := g.create(); err != nil {
			return fmt.Errorf("make control group: %w", err)
		}
		if g.v2 || g.has("systemd") {
			if err := g.delegate(owner); err != nil {
				return fmt.Errorf("delegate control group: %w", err)
			}
		}
	}
	return nil
}

// create makes the group and its parent. Another zone's end may remove the
// parent in between, hence the loop.
func (g hierarchy) create() error {
	parent := filepath.Dir(g.dir)
	for {
		err := os.Mkdir(g.dir, 0o755)
		switch {
		case err == nil, errors.Is(err, os.ErrExist):
			// One that is there may have been left before it was prepared.
			return g.prepare()
		case !errors.Is(err, os.ErrNotExist):
			return err
		}
		err = os.Mkdir(parent, 0o755)
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
}

// prepare makes a new group usable: a v1 cpuset begins without processors, a v2
// group without controllers. The parent may be just as new, made by another
// process that has not come to prepare it.
func (g hierarchy) prepare() error {
	parent := filepath.Dir(g.dir)
	if g.v2 {
		return errors.Join(enable(filepath.Dir(parent)), enable(parent))
	}
	if !g.has("cpuset") {
		return nil
	}
	return errors.Join(inherit(parent), inherit(g.dir))
}

// inherit gives a cpuset what its parent has, unless it has some of it.
func inherit(dir string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		have, err := read(dir, file)
		if err != nil {
			return err
		}
		if have != "" {
			continue
		}
		all, err := read(filepath.Dir(dir), file)
		if err != nil {
			return err
		}
		if err := write(dir, file, all); err != nil {
			return err
		}
	}
	return nil
}

// enable passes on to the children of dir the controllers that there are.
func enable(dir string) error {
	have, err := read(dir, "cgroup.controllers")
	if err != nil {
		return err
	}
	on, err := read(dir, "cgroup.subtree_control")
	if err != nil {
		return err
	}
	for c := range strings.FieldsSeq(have) {
		if strings.Contains(" "+on+" ", " "+c+" ") {
			continue
		}
		switch c {
		case "cpu", "cpuset", "io", "memory", "pids":
			if err := write(dir, "cgroup.subtree_control", "+"+c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g hierarchy) delegate(owner int) error {
	files := []string{".", "cgroup.procs", "tasks"}
	if g.v2 {
		files = []string{".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"}
	}
	for _, f := range files {
		if err := os.Chown(filepath.Join(g.dir, f), owner, owner); err != nil {
			return err
		}
	}
	return nil
}

// Tasks are the files by which a thread joins the v1 groups: it writes "0".
func (s *Set) Tasks() []string {
	var files []string
	for _, g := range s.groups {
		if !g.v2 {
			files = append(files, filepath.Join(g.dir, "tasks"))
		}
	}
	return files
}

// Unified is the directory of the v2 group, "" without one.
func (s *Set) Unified() string {
	for _, g := range s.groups {
		if g.v2 {
			return g.dir
		}
	}
	return ""
}

// HasSystemd reports whether systemd's own v1 hierarchy is there.
func (s *Set) HasSystemd() bool {
	for _, g := range s.groups {
		if g.has("systemd") {
			return true
		}
	}
	return false
}

// removePatience is how long the dying may take to leave their groups.
const removePatience = 5 * time.Second

// Remove removes the groups, those that the zone made below them, and parents
// that are empty then. It is idempotent; processes must have ended or be ending.
func (s *Set) Remove() error {
	var errs []error
	for _, g := range s.groups {
		errs = append(errs, removeTree(g.dir, time.Now().Add(removePatience)))
		err := unix.Rmdir(filepath.Dir(g.dir))
		if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.ENOTEMPTY) {
			errs = append(errs, fmt.Errorf("remove control group %s: %w", filepath.Dir(g.dir), err))
		}
	}
	return errors.Join(errs...)
}

func removeTree(dir string, deadline time.Time) error {
	pause := time.Millisecond
	for {
		err := unix.Rmdir(dir)
		if err == nil || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.ENOTEMPTY) || time.Now().After(deadline) {
			return fmt.Errorf("remove control group %s: %w", dir, err)
		}
		below, err := removeChildren(dir, deadline)
		if err != nil {
			return err
		}
		if !below {
			time.Sleep(pause)
			pause = min(2*pause, 50*time.Millisecond)
		}
	}
}

func removeChildren(dir string, deadline time.Time) (any bool, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	for _, e := range entries {
		if e.IsDir() {
			any = true
			if err := removeTree(filepath.Join(dir, e.Name()), deadline); err != nil {
				return any, err
			}
		}
	}
	return any, nil
}

// Empty removes the groups in which nobody is, and reports whether these were
// all. Remove finishes the work.
func (s *Set) Empty() bool {
	empty := true
	for _, g := range s.groups {
		err := unix.Rmdir(g.dir)
		empty = empty && (err == nil || errors.Is(err, unix.ENOENT))
	}
	return empty
}

// Kill kills every process in the groups and below. It is for zones whose
// supervisor is gone: while init can be killed, that is enough.
func (s *Set) Kill() error {
	for _, g := range s.groups {
		if g.v2 {
			err := write(g.dir, "cgroup.kill", "1")
			if err == nil || errors.Is(err, os.ErrNotExist) && magic(g.dir) == 0 {
				continue
			}
		}
		if err := killTree(g.dir); err != nil {
			return err
		}
	}
	return nil
}

func killTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil || !e.IsDir() {
			return err
		}
		procs, err := read(path, "cgroup.procs")
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENODEV) {
			return nil
		}
		for line := range strings.FieldsSeq(procs) {
			if pid, err := strconv.Atoi(line); err == nil && pid > 1 && pid != os.Getpid() {
				if err := unix.Kill(pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
					return fmt.Errorf("kill process %d: %w", pid, err)
				}
			}
		}
		return err
	})
}
