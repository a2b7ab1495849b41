package keeper

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// File is the program in a file without a name, to be executed by descriptor.
func File(most time.Duration) (*os.File, error) {
	fd, err := unix.MemfdCreate("zoneadmd", unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // Linux before 6.3: all can be executed
		fd, err = unix.MemfdCreate("zoneadmd", unix.MFD_CLOEXEC)
	}
	if err != nil {
		return nil, fmt.Errorf("file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "zoneadmd")
	if _, err := f.Write(image(most)); err != nil {
		f.Close()
		return nil, fmt.Errorf("file in memory: %w", err)
	}
	return f, nil
}

// Sleep makes this process a keeper. It must be called on the main thread, whose
// children would die with it else, and returns only when that fails. The
// descriptors are at their numbers.
func Sleep(most time.Duration, argv, env []string) error {
	if unix.Gettid() != unix.Getpid() {
		return errors.New("not on the main thread")
	}
	f, err := File(most)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := inheritable(true); err != nil {
		return err
	}
	err = syscall.Exec(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), argv, env)
	return errors.Join(fmt.Errorf("execute the keeper: %w", err), inheritable(false))
}

// inheritable lets the descriptors of a zoneadmd stay open over an execve(2),
// or not.
func inheritable(yes bool) error {
	flag := unix.FD_CLOEXEC
	if yes {
		flag = 0
	}
	for fd := Lock; fd < Clients; fd++ {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, flag)
		if err != nil && !errors.Is(err, unix.EBADF) { // some are not always there
			return fmt.Errorf("inherit descriptor %d: %w", fd, err)
		}
	}
	return nil
}

// HoldBack blocks the signal that ends a keeper, on this thread, or lets it come
// again.
func HoldBack(yes bool) error {
	how := unix.SIG_UNBLOCK
	if yes {
		how = unix.SIG_BLOCK
	}
	set := mask()
	return unix.PthreadSigmask(how, &set, nil)
}

// Signals is the descriptor for Term.
func Signals() (*os.File, error) {
	set := mask()
	fd, err := unix.Signalfd(-1, &set, unix.SFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("signalfd: %w", err)
	}
	return os.NewFile(uintptr(fd), "signals"), nil
}

// mask is the set of signals that a keeper has blocked.
func mask() unix.Sigset_t {
	return unix.Sigset_t{Val: [16]uint64{1 << (unix.SIGTERM - 1)}}
}

// Prepare is what a forked process does before it executes a keeper.
func Prepare(p *host.Program) {
	p.Step("hold back signals")
	set := mask()
	p.Call(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, host.Pointer(p, &set), 0, 8)
	p.Step("survive the zone")
	score := "-900"
	p.Call(unix.SYS_OPENAT, ^uintptr(99), p.String("/proc/self/oom_score_adj"), unix.O_WRONLY|unix.O_CLOEXEC, 0).Save()
	// Not every host's root may lower it. As small as it is, it is no target.
	p.Call(unix.SYS_WRITE, 0, p.String(score), uintptr(len(score))).Saved(0).MayFail()
	p.Call(unix.SYS_CLOSE, 0).Saved(0)
}
