package jail

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/internal/revert"
)

const newNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET

// build makes the jail on the keeper's thread.
func (k *keeper) build() (err error) {
	undo := revert.New()
	defer func() { err = errors.Join(err, undo.Fail()) }()

	self, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return fmt.Errorf("pidfd of oneself: %w", err)
	}
	defer unix.Close(self)
	binary := k.takeSources()
	defer binary.close()
	if err := k.diverge(); err != nil {
		return err
	}
	links, err := newLinks()
	if err != nil {
		return err
	}
	defer links.closeChild()
	if err := k.fork(links); err != nil {
		links.closeParent()
		return err
	}
	undo.Add(func() error { return k.abandon() })
	links.closeChild()
	if err := k.furnish(binary); err != nil {
		return k.blame(err)
	}
	// Back to the host's namespaces: what this thread stays in could not end.
	if err := unix.Setns(self, unix.CLONE_NEWNS|unix.CLONE_NEWIPC|unix.CLONE_NEWNET|unix.CLONE_NEWCGROUP|unix.CLONE_NEWPID); err != nil {
		return fmt.Errorf("return to the host's namespaces: %w", err)
	}
	undo.Success()
	return nil
}

// diverge gives the thread a mount namespace of its own, where the tree is
// built, and the child-to-be a clock that starts now.
func (k *keeper) diverge() error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("new mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return err
	}
	return newClock()
}

// newClock lets the uptime of the jail begin at 0, where the kernel can
// (CONFIG_TIME_NS); elsewhere the jail sees the host's.
func newClock() error {
	err := unix.Unshare(unix.CLONE_NEWTIME)
	if errors.Is(err, unix.EINVAL) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("new time namespace: %w", err)
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return err
	}
	offset := fmt.Sprintf("boottime -%d 0\n", now.Sec)
	// Not thread-self, which lacks the file: /proc/TID has it.
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/timens_offsets", unix.Gettid()), []byte(offset), 0); err != nil {
		return fmt.Errorf("set the jail's clock: %w", err)
	}
	return nil
}

// fork starts the child and brings it to where it owns its namespaces.
func (k *keeper) fork(l *links) error {
	prog, err := childProgram(k.spec, l)
	if err != nil {
		return err
	}
	o := host.CloneOptions{Flags: newNamespaces, Report: l.childReport}
	if k.spec.Cgroups.Unified != "" {
		fd, err := unix.Open(k.spec.Cgroups.Unified, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open cgroup: %w", err)
		}
		defer unix.Close(fd)
		o.Flags |= unix.CLONE_INTO_CGROUP
		o.Cgroup = fd
	}
	child, err := host.Fork(o, prog)
	if err != nil {
		return fmt.Errorf("fork into new namespaces: %w", err)
	}
	j := k.jail
	j.Pid, j.pidfd, j.prog = child.Pid, child.Pidfd, prog
	j.sync, j.report = os.NewFile(uintptr(l.parentSync), "sync"), os.NewFile(uintptr(l.parentReport), "report")
	return nil
}

// blame prefers the child's own words: when a step of the parent fails because
// the child is gone, the child knows why.
func (k *keeper) blame(err error) error {
	fds := []unix.PollFd{{Fd: int32(k.jail.report.Fd()), Events: unix.POLLIN}}
	if n, _ := unix.Poll(fds, 0); n > 0 && fds[0].Revents&unix.POLLIN != 0 {
		if said := k.jail.outcome(); said != nil {
			return said
		}
	}
	return err
}

// abandon ends a child that is not going to be used and reaps it here, where
// its parent is.
func (k *keeper) abandon() error {
	err := k.jail.Close()
	var st unix.WaitStatus
	for {
		_, werr := unix.Wait4(k.jail.Pid, &st, 0, nil)
		if !errors.Is(werr, unix.EINTR) {
			return errors.Join(err, werr)
		}
	}
}
