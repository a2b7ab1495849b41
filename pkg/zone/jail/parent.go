package jail

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone/keeper"
)

// firstLifted is above all descriptors that a keeper has in the end.
const firstLifted = 256

// parent is the process that init is a child of, until it becomes the keeper:
// a list of system calls like init itself.
type parent struct {
	spec   *Keeper
	prog   *host.Program
	ours   int    // the socket to it
	line   int    // its end of that
	init   int    // its pidfd of init
	moves  []move // when it becomes the keeper
	binary int
	lifted []int // descriptors that are there for it alone
	pid    int32 // of init
}

// move is a descriptor on its way to the number that a keeper has it at.
type move struct{ from, to int }

// newParent opens what it needs.
func newParent(spec *Keeper, l *links) (*parent, error) {
	if spec == nil {
		spec = new(Keeper)
	}
	// Whole messages, and an end when one side dies.
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socketpair: %w", err)
	}
	p := &parent{spec: spec, prog: new(host.Program), ours: pair[0], binary: -1}
	err = p.liftAll(pair[1], l)
	unix.Close(pair[1])
	if err != nil {
		unix.Close(p.ours)
		p.closeLifted()
		return nil, err
	}
	return p, nil
}

func (p *parent) liftAll(line int, l *links) (err error) {
	if p.line, err = p.lift(line); err != nil {
		return err
	}
	if p.init, err = p.lift(line); err != nil { // the number counts
		return err
	}
	files := append(slices.Clip(p.spec.Files), File{p.init, keeper.Init})
	if p.spec.Ready {
		files = append(files, File{l.parentSync, keeper.Sync}, File{l.parentReport, keeper.Report})
	}
	for _, f := range files {
		fd, err := p.lift(f.FD)
		if err != nil {
			return err
		}
		if f.FD == p.init {
			p.init = fd
		}
		p.moves = append(p.moves, move{fd, f.At})
	}
	if p.spec.Program != nil {
		p.binary, err = p.lift(int(p.spec.Program.Fd()))
	}
	return err
}

// lift copies a descriptor to a number that nothing is moved to.
func (p *parent) lift(fd int) (int, error) {
	up, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, firstLifted)
	if err != nil {
		return -1, fmt.Errorf("duplicate descriptor %d: %w", fd, err)
	}
	p.lifted = append(p.lifted, up)
	return up, nil
}

func (p *parent) closeLifted() {
	for _, fd := range p.lifted {
		unix.Close(fd)
	}
	p.lifted = nil
}

// write writes its life: it bears init, waits until that runs or is ready to,
// and executes the keeper. When this process ends before, it ends, and init with
// it.
func (p *parent) write(here int, l *links, o host.CloneOptions, init *host.Program) error {
	c := p.prog
	c.Step("begin")
	for _, fd := range []int{p.ours, l.parentSync, l.parentReport} {
		c.Call(unix.SYS_CLOSE, uintptr(fd))
	}
	c.Call(unix.SYS_SETSID)
	c.Call(unix.SYS_UMASK, 0o022)
	if err := newClock(c); err != nil {
		return err
	}
	c.Step("fork into new namespaces")
	c.Fork(o, init, &p.pid)
	c.Step("watch init")
	c.Call(unix.SYS_PIDFD_OPEN, 0, 0).Saved(0).Save()
	c.Call(unix.SYS_DUP3, 0, uintptr(p.init), unix.O_CLOEXEC).Saved(0)
	c.Step("return to the host's mounts")
	c.Call(unix.SYS_SETNS, uintptr(here), unix.CLONE_NEWNS)
	c.Call(unix.SYS_CHDIR, c.String("/"))
	// What is lifted stays, and the child's ends of its links go.
	c.Call(unix.SYS_CLOSE_RANGE, 0, firstLifted-1, 0)
	for _, fd := range append([]int{l.childSync, l.childReport}, l.tasks...) {
		c.Call(unix.SYS_CLOSE, uintptr(fd)).MayFail()
	}
	c.Call(unix.SYS_WRITE, uintptr(p.line), host.Pointer(c, &p.pid), 4)
	p.becomeKeeper()
	return nil
}

// becomeKeeper puts the descriptors where the keeper has them.
func (p *parent) becomeKeeper() {
	c := p.prog
	c.Step("take over")
	receive(c, p.line)
	for i, at := range passed {
		c.Call(unix.SYS_DUP3, uintptr(i), uintptr(at), 0)
	}
	last := keeper.Clients
	for _, m := range p.moves {
		c.Call(unix.SYS_DUP3, uintptr(m.from), uintptr(m.to), 0)
		last = max(last, m.to+1)
	}
	keeper.Prepare(c)
	c.Call(unix.SYS_CLOSE_RANGE, uintptr(last), ^uintptr(0)>>32, unix.CLOSE_RANGE_CLOEXEC)
	c.Step("run the keeper")
	c.Call(unix.SYS_EXECVEAT, uintptr(p.binary), c.String(""), c.Strings(p.spec.Argv), c.Strings(p.spec.Env), unix.AT_EMPTY_PATH)
}

// passed are the descriptors that the builder makes only after the fork. They
// come by message, and since all low numbers are free then, as 0, 1, 2.
var passed = [...]int{keeper.Master, keeper.Slave, keeper.Netns}

// receive waits for them; the end of the socket ends the child.
func receive(c *host.Program, line int) {
	control := make([]byte, unix.CmsgSpace(4*len(passed)))
	message := &unix.Msghdr{Iov: &unix.Iovec{Base: new(byte), Len: 1}, Iovlen: 1, Control: &control[0]}
	message.SetControllen(len(control))
	c.Call(unix.SYS_RECVMSG, uintptr(line), host.Pointer(c, message), unix.MSG_CMSG_CLOEXEC).AtLeast(1)
}

// born is the pid of init, or why there is none.
func (p *parent) born() (int, error) {
	var b [8]byte
	n, err := p.read(b[:])
	switch {
	case err != nil:
		return 0, err
	case n == 4:
		return int(*(*int32)(unsafe.Pointer(&b[0]))), nil
	case n == 0:
		return 0, errors.New("the keeper died")
	}
	return 0, p.prog.Report(b[:n])
}

// become sends the last descriptors and waits until it is the keeper.
func (p *parent) become(master, slave, netns *os.File) error {
	rights := unix.UnixRights(int(master.Fd()), int(slave.Fd()), int(netns.Fd()))
	// Fd has made it blocking, for all who have it.
	if err := unix.SetNonblock(int(master.Fd()), true); err != nil {
		return err
	}
	if err := unix.Sendmsg(p.ours, []byte{1}, rights, nil, unix.MSG_NOSIGNAL); err != nil {
		return fmt.Errorf("hand over to the keeper: %w", err)
	}
	var b [8]byte
	n, err := p.read(b[:])
	if err != nil {
		return err
	}
	return p.prog.Report(b[:n])
}

func (p *parent) read(b []byte) (int, error) {
	for {
		n, err := unix.Read(p.ours, b)
		if !errors.Is(err, unix.EINTR) {
			return max(n, 0), err
		}
	}
}

// newClock lets the uptime of the jail begin at 0, where the kernel can
// (CONFIG_TIME_NS); elsewhere the jail sees the host's.
func newClock(c *host.Program) error {
	if _, err := os.Stat("/proc/self/ns/time_for_children"); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return err
	}
	offset := fmt.Sprintf("boottime -%d 0\n", now.Sec)
	c.Step("set the jail's clock")
	c.Call(unix.SYS_UNSHARE, unix.CLONE_NEWTIME)
	c.Call(unix.SYS_OPENAT, ^uintptr(99), c.String("/proc/self/timens_offsets"), unix.O_WRONLY|unix.O_CLOEXEC, 0).Save()
	c.Call(unix.SYS_WRITE, 0, c.String(offset), uintptr(len(offset))).Saved(0)
	c.Call(unix.SYS_CLOSE, 0).Saved(0)
	return nil
}
