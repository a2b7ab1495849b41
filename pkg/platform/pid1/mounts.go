package pid1

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

type mount struct {
	kind, target string
	flags        uintptr
	data         string
	optional     bool // kernels may lack it
}

// mounts are what programs expect, in order.
var mounts = []mount{
	{kind: "proc", target: "/proc", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	{kind: "sysfs", target: "/sys", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	{kind: "devtmpfs", target: "/dev", flags: unix.MS_NOSUID, data: "mode=755"},
	{kind: "devpts", target: "/dev/pts", flags: unix.MS_NOSUID | unix.MS_NOEXEC, data: "gid=5,mode=620,ptmxmode=666"},
	{kind: "tmpfs", target: "/dev/shm", flags: unix.MS_NOSUID | unix.MS_NODEV},
	{kind: "tmpfs", target: "/run", flags: unix.MS_NOSUID | unix.MS_NODEV, data: "mode=755"},
	{kind: "tmpfs", target: "/tmp", flags: unix.MS_NOSUID | unix.MS_NODEV},
	{kind: "securityfs", target: "/sys/kernel/security", optional: true},
	{kind: "debugfs", target: "/sys/kernel/debug", optional: true},
	{kind: "tracefs", target: "/sys/kernel/tracing", optional: true},
	{kind: "bpf", target: "/sys/fs/bpf", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, optional: true},
	{kind: "pstore", target: "/sys/fs/pstore", optional: true},
	{kind: "efivarfs", target: "/sys/firmware/efi/efivars", optional: true},
}

// mountAll mounts the list and makes the root one that can be pivoted.
func mountAll() error {
	if err := ownRoot(); err != nil {
		return fmt.Errorf("root: %w", err)
	}
	for _, m := range mounts {
		if err := m.mount(); err != nil && !m.optional {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	for name, target := range map[string]string{"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"} {
		if err := os.Symlink(target, "/dev/"+name); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	if err := os.Symlink("/proc/self/mounts", "/etc/mtab"); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return os.MkdirAll("/run/lock", 0o755)
}

func (m mount) mount() error {
	flags := m.flags
	if m.optional {
		if _, err := os.Stat(m.target); err != nil {
			return err
		}
	} else if err := os.MkdirAll(m.target, 0o755); err != nil {
		return err
	}
	err := unix.Mount(m.kind, m.target, m.kind, flags, m.data)
	if errors.Is(err, unix.EBUSY) { // the kernel mounted devtmpfs itself
		return nil
	}
	return err
}

// ownRoot lays a mount of the initramfs over itself. The first mount of all
// cannot be pivoted away, and zones are made by pivoting.
func ownRoot() error {
	if err := unix.Mount("/", "/mnt", "", unix.MS_BIND, ""); err != nil {
		return err
	}
	if err := unix.Chdir("/mnt"); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return err
	}
	if err := unix.Chroot("."); err != nil {
		return err
	}
	if err := unix.Chdir("/"); err != nil {
		return err
	}
	return unix.Mount("", "/", "", unix.MS_SHARED|unix.MS_REC, "")
}

// MountCgroups mounts control groups: v2 alone, or v1's controllers with a v2
// hierarchy beside them as systemd's hybrid has it.
func MountCgroups(hybrid bool) error {
	const top = "/sys/fs/cgroup"
	if !hybrid {
		return cgroupMount("cgroup2", top, "nsdelegate")
	}
	if err := unix.Mount("tmpfs", top, "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	known, err := os.ReadFile("/proc/cgroups")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(known)) {
		f := strings.Fields(line)
		if len(f) != 4 || line[0] == '#' || f[3] != "1" {
			continue
		}
		if err := cgroupMount("cgroup", top+"/"+f[0], f[0]); err != nil {
			return err
		}
	}
	return cgroupMount("cgroup2", top+"/unified", "")
}

func cgroupMount(kind, target, data string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(kind, target, kind, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, data); err != nil {
		return fmt.Errorf("mount %s: %w", target, err)
	}
	return nil
}
