package enter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone/internal/child"
)

// ErrGone says that the init to be joined is no more.
var ErrGone = errors.New("the zone's init is gone")

// Target is the zone to enter.
type Target struct {
	Pid     int      // of its init
	Start   uint64   // field 22 of /proc/PID/stat
	Cgroups []string // directories of cgroups (v1 or v2) to be born in
	// Filter is the seccomp program that init runs under; none when empty.
	Filter []unix.SockFilter
}

// limits is what the zone's init may at most.
type limits struct {
	bounding   uint64
	noNewPrivs bool
	rlimits    [child.Rlimits]unix.Rlimit
	oomAdj     []byte
}

// open returns a pidfd of init that is surely the one meant, and its limits.
func (t Target) open() (pidfd int, l limits, err error) {
	pidfd, err = host.OpenProcess(t.Pid, t.Start)
	if errors.Is(err, os.ErrProcessDone) {
		return -1, l, ErrGone
	}
	if err != nil {
		return -1, l, fmt.Errorf("open init: %w", err)
	}
	if err = t.inspect(&l); err != nil {
		unix.Close(pidfd)
		return -1, l, err
	}
	return pidfd, l, nil
}

func (t Target) inspect(l *limits) (err error) {
	if err := l.readStatus(t.Pid); err != nil {
		return err
	}
	for i := range l.rlimits {
		if err := unix.Prlimit(t.Pid, i, nil, &l.rlimits[i]); err != nil {
			return gone(fmt.Errorf("read limit %d of init: %w", i, err))
		}
	}
	l.oomAdj, err = oomAdj(t.Pid)
	return err
}

// oomAdj is the OOM score adjustment of pid if ours differs, else nothing.
func oomAdj(pid int) ([]byte, error) {
	theirs, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid))
	if err != nil {
		return nil, gone(err)
	}
	ours, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil || string(ours) == string(theirs) {
		return nil, err
	}
	return theirs, nil
}

func (l *limits) readStatus(pid int) error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return gone(err)
	}
	found := false
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch key {
		case "CapBnd":
			l.bounding, err = strconv.ParseUint(value, 16, 64)
			found = err == nil
		case "NoNewPrivs":
			l.noNewPrivs = value == "1"
		}
	}
	if !found {
		return errors.New("init's capability bounding set cannot be read")
	}
	return nil
}

func gone(err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	return err
}

// cgroups are the open doors of the zone's cgroups.
type cgroups struct {
	v1   []int // tasks files, to which the child writes "0"
	v2   int   // directory that the child is cloned into, -1 for none
	zone int   // the zone's own directory of v2, which v2 is or is below
}

func openCgroups(dirs []string) (cgroups, error) {
	c := cgroups{v2: -1, zone: -1}
	for _, dir := range dirs {
		if err := c.open(dir); err != nil {
			c.close()
			return c, fmt.Errorf("cgroup %s: %w", dir, err)
		}
	}
	return c, nil
}

func (c *cgroups) open(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return err
	}
	switch st.Type {
	case unix.CGROUP2_SUPER_MAGIC:
		fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		c.v2, c.zone = fd, fd
		return err
	case unix.CGROUP_SUPER_MAGIC:
		fd, err := unix.Open(filepath.Join(dir, "tasks"), unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			c.v1 = append(c.v1, fd)
		}
		return err
	}
	return errors.New("is not in a cgroup file system")
}

func (c *cgroups) close() {
	for _, fd := range c.v1 {
		unix.Close(fd)
	}
	if c.v2 >= 0 && c.v2 != c.zone {
		unix.Close(c.v2)
	}
	if c.zone >= 0 {
		unix.Close(c.zone)
	}
	c.v1, c.v2, c.zone = nil, -1, -1
}
