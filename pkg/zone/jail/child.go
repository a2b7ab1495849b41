package jail

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// lastCap bounds the capabilities that are dropped from the bounding set; the
// kernel says EINVAL to those that it does not know.
const lastCap = 63

// childProgram is all that PID 1 does before it becomes init. The pauses match
// the builder's steps: ids mapped, tree built, Exec.
func childProgram(spec *Spec, l *links) (*host.Program, error) {
	p := new(host.Program)
	p.Step("begin")
	tasks, err := openTasks(spec, l)
	if err != nil {
		return nil, err
	}
	closeOthers(p, append([]int{l.childSync, l.childReport}, tasks...))
	p.AwaitByte(l.childSync)
	becomeRoot(p)
	joinCgroups(p, spec, tasks)
	p.SendByte(l.childSync)

	p.AwaitByte(l.childSync)
	p.Step("lock the mounts")
	p.Call(unix.SYS_UNSHARE, unix.CLONE_NEWNS)
	p.Call(unix.SYS_CHDIR, p.String("/"))
	setNames(p, spec)
	takeConsole(p)
	setRlimits(p, spec)

	p.AwaitByte(l.childSync)
	dropPrivileges(p, spec)
	p.Step("close descriptors")
	p.Call(unix.SYS_CLOSE_RANGE, 3, ^uintptr(0)>>32, unix.CLOSE_RANGE_CLOEXEC)
	p.Step("run " + spec.Init)
	p.Call(unix.SYS_EXECVE, p.String(spec.Init), p.Strings(spec.Argv), p.Strings(spec.Env))
	return p, nil
}

func becomeRoot(p *host.Program) {
	p.Step("become root of the user namespace")
	p.Call(unix.SYS_SETRESGID, 0, 0, 0)
	p.Call(unix.SYS_SETGROUPS, 0, 0)
	p.Call(unix.SYS_SETRESUID, 0, 0, 0)
	p.Step("die with the keeper")
	p.Call(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL))
	p.Step("hide memory")
	p.Call(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0)
	p.Step("leave the host's keyring")
	p.Call(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0).MayFail()
}

// closeOthers closes what is of no use to init, from 3 on: until it executes
// something, which may be never, it would hold locks and sockets of ours.
func closeOthers(p *host.Program, keep []int) {
	slices.Sort(keep)
	from := 3
	for _, fd := range keep {
		if fd > from {
			p.Call(unix.SYS_CLOSE_RANGE, uintptr(from), uintptr(fd-1), 0)
		}
		from = fd + 1
	}
	p.Call(unix.SYS_CLOSE_RANGE, uintptr(from), ^uintptr(0)>>32, 0)
}

// openTasks opens the files by which the child joins its cgroups. What counts is
// who opened them, which is the builder.
func openTasks(spec *Spec, l *links) ([]int, error) {
	for _, tasks := range spec.Cgroups.Tasks {
		fd, err := unix.Open(tasks, unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", tasks, err)
		}
		l.tasks = append(l.tasks, fd)
	}
	return l.tasks, nil
}

// joinCgroups moves the child by itself, thread by thread as it were: moving a
// foreign process makes the kernel wait for all processors, ten times as long.
func joinCgroups(p *host.Program, spec *Spec, tasks []int) {
	for i, fd := range tasks {
		p.Step("join cgroup " + spec.Cgroups.Tasks[i])
		p.Call(unix.SYS_WRITE, uintptr(fd), p.String("0"), 1)
		p.Call(unix.SYS_CLOSE, uintptr(fd))
	}
	p.Step("new cgroup namespace")
	p.Call(unix.SYS_UNSHARE, unix.CLONE_NEWCGROUP)
}

func setNames(p *host.Program, spec *Spec) {
	if spec.Hostname != "" {
		p.Step("set host name")
		p.Call(unix.SYS_SETHOSTNAME, p.String(spec.Hostname), uintptr(len(spec.Hostname)))
	}
	if spec.Domainname != "" {
		p.Step("set domain name")
		p.Call(unix.SYS_SETDOMAINNAME, p.String(spec.Domainname), uintptr(len(spec.Domainname)))
	}
}

// takeConsole opens the console by the jail's own path: no descriptor of the
// host comes along, and /dev is ours alone, fresh, with nobody yet to change it.
func takeConsole(p *host.Program) {
	p.Step("open /dev/console")
	p.Call(unix.SYS_SETSID)
	p.Call(unix.SYS_OPENAT, ^uintptr(99), p.String("/dev/console"), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC).Save()
	for fd := range uintptr(3) {
		p.Call(unix.SYS_DUP3, 0, fd, 0).Saved(0)
	}
	p.Call(unix.SYS_IOCTL, 0, unix.TIOCSCTTY, 0)
	p.Call(unix.SYS_UMASK, 0o022)
}

func setRlimits(p *host.Program, spec *Spec) {
	for _, r := range spec.Rlimits {
		p.Step(fmt.Sprintf("set resource limit %d", r.Resource))
		lim := &unix.Rlimit{Cur: r.Cur, Max: r.Max}
		p.Call(unix.SYS_PRLIMIT64, 0, uintptr(r.Resource), host.Pointer(p, lim), 0)
	}
}

func dropPrivileges(p *host.Program, spec *Spec) {
	p.Step("drop capabilities")
	for c := range uintptr(lastCap + 1) {
		if spec.Caps&(1<<c) == 0 {
			p.Call(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c).MayFail()
		}
	}
	if len(spec.Filter) == 0 {
		return
	}
	p.Step("filter system calls")
	filter := spec.Filter
	prog := &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	p.Call(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, host.Pointer(p, prog))
}
