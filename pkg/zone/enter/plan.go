package enter

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone/internal/child"
)

// Command is what to run in the zone.
type Command struct {
	Argv   []string
	Path   []string // directories for an Argv[0] without a slash
	Exec   string   // the file to execute when it is not Argv[0]
	Env    []string // the whole environment
	Dirs   []string // the first that can be entered is the working directory
	UID    uint32   // ids as the zone has them
	GID    uint32
	Groups []uint32
	// Streams are the ends of pipes for 0, 1 and 2; unused with TTY. They stay
	// the caller's.
	Streams [3]int
	TTY     bool   // a pty of the zone's own; Process.Master is its other end
	Rows    uint16 // of the pty, 0 when unknown
	Cols    uint16
}

// plan is a Command in a Target, prepared to the last byte.
type plan struct{ child.Plan }

func newPlan(c Command, l limits, filter []unix.SockFilter) (*plan, error) {
	p := &plan{child.Plan{
		Bounding: l.bounding, NoNewPrivs: l.noNewPrivs, OOMAdj: l.oomAdj,
		Streams: c.Streams, TTY: c.TTY, Window: unix.Winsize{Row: c.Rows, Col: c.Cols}, Parent: uintptr(unix.Getpid()),
		UID: uintptr(c.UID), GID: uintptr(c.GID), Groups: c.Groups,
	}}
	if len(filter) > 0 {
		p.Filter = unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	}
	return p, errors.Join(p.setLimits(l), p.setCommand(c))
}

func (p *plan) setCommand(c Command) (err error) {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return errors.New("the command is empty")
	}
	file := c.Exec
	if file == "" {
		file = c.Argv[0]
	}
	files := []string{file}
	if !strings.Contains(file, "/") {
		files = nil
		for _, dir := range c.Path {
			files = append(files, path.Join(dir, file))
		}
	}
	for _, list := range []struct {
		to   *[]*byte
		from []string
	}{{&p.Argv, c.Argv}, {&p.Env, c.Env}, {&p.Dirs, c.Dirs}, {&p.Paths, files}} {
		if *list.to, err = syscall.SlicePtrFromStrings(list.from); err != nil {
			return fmt.Errorf("the command or its environment has a NUL byte")
		}
	}
	// The last two lists are walked here, not by the kernel: no nil at the end.
	p.Dirs, p.Paths = p.Dirs[:len(p.Dirs)-1], p.Paths[:len(p.Paths)-1]
	return nil
}

func (p *plan) setLimits(l limits) error {
	for i, want := range l.rlimits {
		var own unix.Rlimit
		if err := unix.Prlimit(0, i, nil, &own); err != nil {
			return fmt.Errorf("read own limit %d: %w", i, err)
		}
		if own == want {
			continue
		}
		hard := min(own.Max, want.Max)
		possible := unix.Rlimit{Cur: min(want.Cur, hard), Max: hard}
		p.Limits = append(p.Limits, child.Rlimit{Resource: uintptr(i), Want: want, Possible: possible})
	}
	return nil
}
