package zone

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// mounts are the mounts that a process sees, held open.
type mounts struct{ root, ns, userns int }

// openMounts opens those of a zone's init.
func openMounts(p Process) (*mounts, error) {
	m := &mounts{-1, -1, -1}
	for _, open := range []struct {
		to    *int
		file  string
		flags int
	}{
		{&m.root, "root", unix.O_PATH | unix.O_DIRECTORY}, {&m.ns, "ns/mnt", unix.O_RDONLY}, {&m.userns, "ns/user", unix.O_RDONLY},
	} {
		name := fmt.Sprintf("/proc/%d/%s", p.Pid, open.file)
		fd, err := unix.Open(name, open.flags|unix.O_CLOEXEC, 0)
		if err != nil {
			m.close()
			return nil, &os.PathError{Op: "open", Path: name, Err: err}
		}
		*open.to = fd
	}
	if start, err := host.StartTime(p.Pid); err != nil || start != p.Start {
		m.close()
		return nil, fmt.Errorf("process %d: %w", p.Pid, os.ErrProcessDone)
	}
	return m, nil
}

func (m *mounts) close() {
	for _, fd := range []int{m.root, m.ns, m.userns} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// find opens a directory as the process would, and tells whether something is
// mounted there.
func (m *mounts) find(name string) (fd int, mounted bool, err error) {
	fd, err = host.OpenIn(m.root, name, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return -1, false, err
	}
	var st unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, 0, &st); err != nil {
		unix.Close(fd)
		return -1, false, &os.PathError{Op: "stat", Path: name, Err: err}
	}
	return fd, st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, nil
}

// do makes system calls among the mounts, in a process that does nothing else:
// a thread of this one could be its first, whose mounts count for all.
func (m *mounts) do(calls func(*host.Program)) error {
	p := new(host.Program)
	p.Step("enter the zone's mounts")
	p.Call(unix.SYS_SETNS, uintptr(m.ns), unix.CLONE_NEWNS)
	calls(p)
	p.Call(unix.SYS_EXIT_GROUP, 0)
	return p.Run()
}
