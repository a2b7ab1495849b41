package jail

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

const procAttr = unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC

// masked are files and directories of /proc and /sys that tell of the host and
// are of no use inside. What would be dangerous to write is the host's root's
// anyway and refused by the user namespace.
var masked = []string{
	"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/kallsyms",
	"/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/sysrq-trigger",
	"/proc/timer_list", "/proc/timer_stats", "/proc/config.gz", "/proc/interrupts", "/proc/modules",
}

var maskedSys = []string{"/sys/firmware", "/sys/class/block", "/sys/block", "/sys/module", "/sys/kernel/debug", "/sys/devices/virtual/powercap"}

// readOnly are directories of /proc that stay visible.
var readOnly = []string{"/proc/bus", "/proc/fs", "/proc/irq"}

func (t *tree) proc() error {
	target, err := t.target("/proc", true)
	if err != nil {
		return err
	}
	defer unix.Close(target)
	if err := mountProc(target); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if t.spec.Nesting {
		return nil
	}
	if err := t.mask(masked); err != nil {
		return err
	}
	for _, name := range readOnly {
		if err := t.freeze(name); err != nil {
			return err
		}
	}
	return nil
}

// mountProc mounts a new /proc from inside the jail's pid namespace, by a
// helper that dies at once: this thread can put children there, not itself.
func mountProc(target int) error {
	p := new(host.Program)
	p.Step("open proc")
	p.Call(unix.SYS_FSOPEN, p.String("proc"), unix.FSOPEN_CLOEXEC).Save()
	p.Step("make proc")
	p.Call(unix.SYS_FSCONFIG, 0, unix.FSCONFIG_SET_STRING, p.String("source"), p.String("proc"), 0).Saved(0)
	p.Call(unix.SYS_FSCONFIG, 0, unix.FSCONFIG_CMD_CREATE, 0, 0, 0).Saved(0)
	p.Step("mount proc")
	p.Call(unix.SYS_FSMOUNT, 0, unix.FSMOUNT_CLOEXEC, procAttr).Saved(0).Save()
	p.Call(unix.SYS_MOVE_MOUNT, 0, p.String(""), uintptr(target), p.String(""), unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH).Saved(0)
	p.Call(unix.SYS_EXIT_GROUP, 0)
	return p.Run()
}

func (t *tree) sys() error {
	err := t.newFS("/sys", "sysfs", procAttr|unix.MOUNT_ATTR_RDONLY)
	if err != nil {
		return err
	}
	if err := t.mask(maskedSys); err != nil {
		return err
	}
	return t.cgroups()
}

// cgroups shows the jail its own cgroups, which are the roots of what it sees.
func (t *tree) cgroups() error {
	c := t.spec.Cgroups
	if c.MountV2 {
		return t.newFS("/sys/fs/cgroup", "cgroup2", procAttr)
	}
	if len(c.MountV1) == 0 {
		return nil
	}
	owner := fmt.Sprintf("uid=%d", t.spec.UIDBase)
	if err := t.newFS("/sys/fs/cgroup", "tmpfs", procAttr, owner, "mode=755"); err != nil {
		return err
	}
	dir, err := host.OpenIn(t.root, "/sys/fs/cgroup", unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	if err := unix.Mkdirat(dir, "systemd", 0o755); err != nil {
		return err
	}
	return t.newFS("/sys/fs/cgroup/systemd", "cgroup", procAttr, c.MountV1...)
}

// mask hides files behind the jail's own /dev/null, which was made moments ago
// by the builder, and directories behind one empty read-only directory.
func (t *tree) mask(names []string) error {
	for _, name := range names {
		fd, err := host.OpenIn(t.root, name, unix.O_PATH|unix.O_NOFOLLOW)
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ELOOP) {
			continue
		}
		if err != nil {
			return err
		}
		err = t.cover(fd)
		unix.Close(fd)
		if err != nil {
			return fmt.Errorf("mask %s: %w", name, err)
		}
	}
	return nil
}

func (t *tree) cover(fd int) error {
	var st unix.Stat_t
	if err := unix.Fstatat(fd, "", &st, unix.AT_EMPTY_PATH); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return t.coverDir(fd)
	}
	m, err := t.nullMount()
	if err != nil {
		return err
	}
	defer m.Close()
	return m.Attach(fd)
}

// coverDir shows one empty directory in all places: a file system takes some
// memory.
func (t *tree) coverDir(fd int) error {
	if t.empty == 0 {
		m, err := host.NewFS("tmpfs", procAttr|unix.MOUNT_ATTR_RDONLY, "size=0", "nr_inodes=1")
		if err != nil {
			return err
		}
		t.empty = m // only what is attached can be cloned by all kernels
		return m.Attach(fd)
	}
	m, err := host.CloneTree(int(t.empty), "", false)
	if err != nil {
		return err
	}
	defer m.Close()
	return m.Attach(fd)
}

func (t *tree) nullMount() (host.MountFD, error) {
	null, err := host.OpenIn(t.root, "/dev/null", unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return -1, err
	}
	defer unix.Close(null)
	return host.CloneTree(null, "", false)
}

// freeze makes a directory inside read-only.
func (t *tree) freeze(name string) error {
	fd, err := host.OpenIn(t.root, name, unix.O_PATH|unix.O_NOFOLLOW)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	m, err := host.CloneTree(fd, "", false)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := m.Set(unix.MOUNT_ATTR_RDONLY|procAttr, 0, false); err != nil {
		return fmt.Errorf("freeze %s: %w", name, err)
	}
	if err := m.Attach(fd); err != nil {
		return fmt.Errorf("freeze %s: %w", name, err)
	}
	return nil
}
