package jail

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// usualNodes are in every /dev. They are made here, by the host's root on a
// file system of the host: the jail can make none.
var usualNodes = []Node{
	{"null", 0o666, unix.S_IFCHR, unix.Mkdev(1, 3)},
	{"zero", 0o666, unix.S_IFCHR, unix.Mkdev(1, 5)},
	{"full", 0o666, unix.S_IFCHR, unix.Mkdev(1, 7)},
	{"random", 0o666, unix.S_IFCHR, unix.Mkdev(1, 8)},
	{"urandom", 0o666, unix.S_IFCHR, unix.Mkdev(1, 9)},
	{"tty", 0o666, unix.S_IFCHR, unix.Mkdev(5, 0)},
}

var devLinks = [][2]string{
	{"/proc/self/fd", "fd"},
	{"/proc/self/fd/0", "stdin"},
	{"/proc/self/fd/1", "stdout"},
	{"/proc/self/fd/2", "stderr"},
	{"pts/ptmx", "ptmx"},
}

// ttyGroup is the group of terminals in all distributions.
const ttyGroup = 5

func (t *tree) dev() error {
	base := int(t.spec.UIDBase)
	owner := []string{fmt.Sprintf("uid=%d", base), fmt.Sprintf("gid=%d", base)}
	err := t.newFS("/dev", "tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_STRICTATIME,
		append(owner, "mode=755", "size=65536k", "nr_inodes=4096")...)
	if err != nil {
		return err
	}
	dev, err := host.OpenIn(t.root, "/dev", unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(dev)
	if err := fillDev(dev, base, append(slices.Clip(usualNodes), t.spec.Nodes...)); err != nil {
		return fmt.Errorf("fill /dev: %w", err)
	}
	err = t.newFS("/dev/pts", "devpts", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC,
		fmt.Sprintf("gid=%d", base+ttyGroup), "mode=620", "ptmxmode=666")
	if err != nil {
		return err
	}
	if err := t.newFS("/dev/shm", "tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, append(owner, "mode=1777")...); err != nil {
		return err
	}
	if err := t.newFS("/dev/mqueue", "mqueue", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC); err != nil {
		return err
	}
	for _, d := range []string{"pts", "mqueue"} {
		if err := unix.Fchownat(dev, d, base, base, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("own /dev/%s: %w", d, err)
		}
	}
	return t.makeConsole(dev, base)
}

func fillDev(dev, base int, nodes []Node) error {
	for _, n := range nodes {
		if err := makeDirs(dev, path.Dir(n.Name)); err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		if err := unix.Mknodat(dev, n.Name, n.Type|n.Mode, int(n.Dev)); err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		if err := unix.Fchmodat(dev, n.Name, n.Mode, 0); err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		if err := unix.Fchownat(dev, n.Name, base, base, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
	}
	for _, l := range devLinks {
		if err := unix.Symlinkat(l[0], dev, l[1]); err != nil {
			return fmt.Errorf("%s: %w", l[1], err)
		}
		if err := unix.Fchownat(dev, l[1], base, base, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("%s: %w", l[1], err)
		}
	}
	for _, d := range []string{"pts", "shm", "mqueue"} {
		if err := unix.Mkdirat(dev, d, 0o755); err != nil {
			return fmt.Errorf("%s: %w", d, err)
		}
	}
	fd, err := unix.Openat(dev, "console", unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	return unix.Close(fd)
}

// makeDirs makes a directory and those above it in a new /dev, where nobody can
// have put a link yet.
func makeDirs(dev int, name string) error {
	if name == "." {
		return nil
	}
	if err := makeDirs(dev, path.Dir(name)); err != nil {
		return err
	}
	err := unix.Mkdirat(dev, name, 0o755)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// makeConsole opens the first terminal of the jail's own devpts and shows it as
// /dev/console. The slave is had from the master, by no path.
func (t *tree) makeConsole(dev, base int) error {
	master, err := unix.Openat(dev, "pts/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("open console: %w", err)
	}
	t.console = os.NewFile(uintptr(master), "console")
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return fmt.Errorf("unlock console: %w", err)
	}
	slave, err := host.OpenPeer(master)
	if err != nil {
		return fmt.Errorf("open console: %w", err)
	}
	t.slave = os.NewFile(uintptr(slave), "console")
	if err := unix.Fchown(slave, base, base+ttyGroup); err != nil {
		return fmt.Errorf("give the console to the jail: %w", err)
	}
	number, err := unix.IoctlGetUint32(master, unix.TIOCGPTN)
	if err != nil {
		return fmt.Errorf("number of the console: %w", err)
	}
	m, err := host.CloneTree(dev, fmt.Sprintf("pts/%d", number), false)
	if err != nil {
		return err
	}
	return t.attach(m, "/dev/console", false)
}
