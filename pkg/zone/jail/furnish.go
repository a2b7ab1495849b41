package jail

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// furnish is the builder's part while the child waits: ids, links, mounts.
func (k *builder) furnish(binary sources) error {
	j := k.jail
	if err := mapIDs(j.Pid, k.spec.UIDBase); err != nil {
		return err
	}
	if err := k.turn(); err != nil {
		return err
	}
	userns, err := unix.Open(fmt.Sprintf("/proc/%d/ns/user", j.Pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open user namespace: %w", err)
	}
	defer unix.Close(userns)
	netns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", j.Pid))
	if err != nil {
		return fmt.Errorf("open network namespace: %w", err)
	}
	j.Netns = netns
	k.attach <- netns
	err = k.mountAll(userns, binary)
	// Both answers are awaited, so that nobody is left behind.
	if aerr := <-k.attached; aerr != nil {
		return aerr
	}
	if err != nil {
		return err
	}
	_, err = j.sync.Write([]byte{1})
	if err != nil {
		return fmt.Errorf("wake the child: %w", err)
	}
	return nil
}

// turn lets the child go on and waits until it has come to its next pause.
func (k *builder) turn() error {
	if _, err := k.jail.sync.Write([]byte{1}); err != nil {
		return fmt.Errorf("wake the child: %w", err)
	}
	if _, err := k.jail.sync.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("wait for the child: %w", err)
	}
	return nil
}

func mapIDs(pid int, base uint32) error {
	line := []byte(fmt.Sprintf("0 %d %d\n", base, IDs))
	for _, file := range []string{"uid_map", "gid_map"} {
		if err := os.WriteFile("/proc/"+strconv.Itoa(pid)+"/"+file, line, 0); err != nil {
			return fmt.Errorf("map ids: %w", err)
		}
	}
	return nil
}

// mountAll enters the child's namespaces, so that file systems which show one
// (sysfs, mqueue, cgroup) show the child's, and builds the tree.
func (k *builder) mountAll(userns int, binary sources) error {
	const spaces = unix.CLONE_NEWIPC | unix.CLONE_NEWNET | unix.CLONE_NEWCGROUP | unix.CLONE_NEWPID
	if err := unix.Setns(k.jail.pidfd, spaces); err != nil {
		return fmt.Errorf("enter the child's namespaces: %w", err)
	}
	if err := raiseLoopback(); err != nil {
		return err
	}
	if err := setSysctls(k.spec.Sysctls, k.spec.UIDBase); err != nil {
		return err
	}
	t := &tree{spec: k.spec, userns: userns, sources: binary}
	if err := t.open(); err != nil {
		return err
	}
	defer t.close()
	for _, step := range []func() error{t.dev, t.proc, t.sys, t.mounts} {
		if err := step(); err != nil {
			return err
		}
	}
	k.jail.Console, k.jail.slave = t.console, t.slave
	t.console, t.slave = nil, nil
	return t.pivot()
}

// setSysctls writes through the host's /proc, from inside the jail's IPC
// namespace: older kernels let only the host's root write there, newer ones
// only the jail's.
func setSysctls(list map[string]string, base uint32) error {
	for name, value := range list {
		file := "/proc/sys/" + name
		err := os.WriteFile(file, []byte(value), 0)
		if errors.Is(err, os.ErrPermission) {
			err = as(base, func() error { return os.WriteFile(file, []byte(value), 0) })
		}
		if err != nil {
			return fmt.Errorf("set sysctl: %w", err)
		}
	}
	return nil
}

// as runs f with another effective user on this thread, which is locked.
func as(uid uint32, f func() error) error {
	if err := setThreadEUID(int(uid)); err != nil {
		return fmt.Errorf("become uid %d: %w", uid, err)
	}
	err := f()
	if back := setThreadEUID(0); back != nil {
		return fmt.Errorf("become root again: %w", back)
	}
	return err
}

// setThreadEUID avoids unix.Setresuid, which changes all threads.
func setThreadEUID(uid int) error {
	const keep = ^uintptr(0)
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, keep, uintptr(uid), keep); errno != 0 {
		return errno
	}
	return nil
}

// raiseLoopback brings up lo of the network namespace that this thread is in.
func raiseLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("raise lo: %w", err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("raise lo: %w", err)
	}
	return nil
}
