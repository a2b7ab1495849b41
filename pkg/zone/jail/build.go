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

// build makes the jail on the builder's thread.
func (k *builder) build() (err error) {
	undo := revert.New()
	defer func() { err = errors.Join(err, undo.Fail()) }()

	self, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return fmt.Errorf("pidfd of oneself: %w", err)
	}
	defer unix.Close(self)
	here, err := unix.Open("/proc/self/ns/mnt", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open the host's mount namespace: %w", err)
	}
	defer unix.Close(here)
	binary := k.takeSources()
	defer binary.close()
	if err := diverge(); err != nil {
		return err
	}
	links, err := newLinks()
	if err != nil {
		return err
	}
	defer links.closeChild()
	if err := k.fork(links, here); err != nil {
		links.closeParent()
		return err
	}
	undo.Add(k.jail.Close)
	links.closeChild()
	if err := k.meet(); err != nil {
		return k.blame(err)
	}
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
// built.
func diverge() error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("new mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	return unix.Chdir("/")
}

// fork starts the keeper, which bears the child.
func (k *builder) fork(l *links, here int) error {
	parent, err := newParent(k.spec.Keeper, l)
	if err != nil {
		return err
	}
	defer parent.closeLifted()
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
	if err := parent.write(here, l, o, prog); err != nil {
		return err
	}
	child, err := host.Fork(host.CloneOptions{Report: parent.line}, parent.prog)
	if err != nil {
		return fmt.Errorf("fork the keeper: %w", err)
	}
	j := k.jail
	j.Keeper, j.keeperfd, j.parent, j.prog = child.Pid, child.Pidfd, parent, prog
	j.sync, j.report = os.NewFile(uintptr(l.parentSync), "sync"), os.NewFile(uintptr(l.parentReport), "report")
	return nil
}

// meet learns who the child is.
func (k *builder) meet() error {
	j := k.jail
	pid, err := j.parent.born()
	if err != nil {
		return err
	}
	if j.Start, err = host.StartTime(pid); err != nil {
		return err
	}
	if j.pidfd, err = unix.PidfdOpen(pid, 0); err != nil {
		return fmt.Errorf("pidfd of init: %w", err)
	}
	j.Pid = pid
	return nil
}

// blame prefers the child's own words: when a step of the parent fails because
// the child is gone, the child knows why.
func (k *builder) blame(err error) error {
	fds := []unix.PollFd{{Fd: int32(k.jail.report.Fd()), Events: unix.POLLIN}}
	if n, _ := unix.Poll(fds, 0); n > 0 && fds[0].Revents&unix.POLLIN != 0 {
		if said := k.jail.outcome(); said != nil {
			return said
		}
	}
	return err
}
