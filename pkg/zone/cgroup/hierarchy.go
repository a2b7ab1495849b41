// Package cgroup gives a zone its control groups on whatever the host has: the
// hierarchies of v1, the one of v2, or both at once (hybrid). It makes them,
// sets their limits, and removes them; processes join by themselves.
package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// mountPoint is where every distribution has its hierarchies.
const mountPoint = "/sys/fs/cgroup"

// hierarchy is one tree of control groups.
type hierarchy struct {
	dir         string
	controllers []string // v1: that it is for; none for v2, which tells itself
	v2          bool
}

func (g hierarchy) has(controller string) bool { return slices.Contains(g.controllers, controller) }

// hierarchies finds those of this host.
func hierarchies() ([]hierarchy, error) {
	switch magic(mountPoint) {
	case unix.CGROUP2_SUPER_MAGIC:
		return []hierarchy{{dir: mountPoint, v2: true}}, nil
	case 0:
		return nil, fmt.Errorf("no control groups are mounted at %s", mountPoint)
	}
	entries, err := os.ReadDir(mountPoint)
	if err != nil {
		return nil, fmt.Errorf("list control group hierarchies: %w", err)
	}
	var found []hierarchy
	for _, e := range entries {
		if !e.IsDir() { // cpu -> cpu,cpuacct
			continue
		}
		dir := filepath.Join(mountPoint, e.Name())
		switch magic(dir) {
		case unix.CGROUP2_SUPER_MAGIC:
			found = append(found, hierarchy{dir: dir, v2: true})
		case unix.CGROUP_SUPER_MAGIC:
			found = append(found, hierarchy{dir: dir, controllers: strings.Split(e.Name(), ",")})
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no control group hierarchy is mounted below %s", mountPoint)
	}
	return found, nil
}

func magic(dir string) int64 {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0
	}
	return int64(st.Type)
}

// write writes a control file. These take one write(2) and answer by errno.
func write(dir, file, value string) error {
	fd, err := unix.Open(filepath.Join(dir, file), unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: filepath.Join(dir, file), Err: err}
	}
	_, err = unix.Write(fd, []byte(value))
	if err := errors.Join(err, unix.Close(fd)); err != nil {
		return fmt.Errorf("write %q to %s: %w", value, filepath.Join(dir, file), err)
	}
	return nil
}

func read(dir, file string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, file))
	return strings.TrimSpace(string(b)), err
}
