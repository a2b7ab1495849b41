package keeper

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets this test binary be the zoneadmd that a keeper becomes.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "zoneadmd" {
		fmt.Println("awake", os.Args[1:], os.Getenv("MARK"))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// nap is a keeper that sleeps, and what it waits for.
type nap struct {
	cmd    *exec.Cmd
	out    *bytes.Buffer
	master *os.File // the other end of what it takes for a terminal
	orders *net.UnixListener
	init   *exec.Cmd
}

// sleep starts a keeper that waits for at most that long.
func sleep(t *testing.T, most time.Duration) *nap {
	t.Helper()
	n := &nap{init: exec.Command("sleep", "1000"), out: new(bytes.Buffer)}
	check(t, n.init.Start())
	t.Cleanup(func() { n.init.Process.Kill(); n.init.Wait() })
	pidfd, err := unix.PidfdOpen(n.init.Process.Pid, 0)
	check(t, err)
	master, other, err := os.Pipe()
	check(t, err)
	n.master = other
	n.orders, err = net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s")})
	check(t, err)
	orders, err := n.orders.File()
	check(t, err)
	signals, err := Signals()
	check(t, err)
	exe, err := os.Open("/proc/self/exe")
	check(t, err)
	program, err := File(most)
	check(t, err)
	quiet, quieter, err := os.Pipe() // for all that never says anything
	check(t, err)

	// The child has other files at the first numbers.
	high, err := unix.FcntlInt(program.Fd(), unix.F_DUPFD_CLOEXEC, 100)
	check(t, err)
	defer unix.Close(high)
	n.cmd = exec.Command(fmt.Sprintf("/proc/self/fd/%d", high))
	n.cmd.Args, n.cmd.Env = []string{"zoneadmd", "-z", "web"}, []string{"MARK=x y"}
	n.cmd.Stdout, n.cmd.Stderr = n.out, n.out
	files := map[int]*os.File{
		Master: master, Orders: orders, Init: os.NewFile(uintptr(pidfd), "init"), Term: signals, Exe: exe,
	}
	for fd := 3; fd < Clients; fd++ {
		f := files[fd]
		if f == nil {
			f = quiet
		}
		n.cmd.ExtraFiles = append(n.cmd.ExtraFiles, f)
	}
	runtime.LockOSThread()
	check(t, HoldBack(true))
	err = n.cmd.Start()
	check(t, HoldBack(false))
	runtime.UnlockOSThread()
	check(t, err)
	for _, f := range append(n.cmd.ExtraFiles, program) {
		f.Close()
	}
	t.Cleanup(func() { n.cmd.Process.Kill(); n.cmd.Wait(); quieter.Close(); other.Close() })
	return n
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sleeps says that the keeper is still one.
func (n *nap) sleeps() bool {
	time.Sleep(50 * time.Millisecond)
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", n.cmd.Process.Pid))
	return err == nil && strings.HasPrefix(exe, "/memfd:zoneadmd")
}

// wakes waits until it has become this binary.
func (n *nap) wakes(t *testing.T) {
	t.Helper()
	timer := time.AfterFunc(10*time.Second, func() { n.cmd.Process.Kill() })
	defer timer.Stop()
	if err := n.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := n.out.String(); got != "awake [-z web] x y\n" {
		t.Errorf("it said %q", got)
	}
}

func TestKeeper_isOnePageAndNamed(t *testing.T) {
	n := sleep(t, Never)
	if !n.sleeps() {
		t.Fatal("it does not sleep")
	}
	dir := fmt.Sprintf("/proc/%d/", n.cmd.Process.Pid)
	name, err := os.ReadFile(dir + "comm")
	check(t, err)
	line, err := os.ReadFile(dir + "cmdline")
	check(t, err)
	if string(name) != "zoneadmd\n" || string(line) != "zoneadmd\x00-z\x00web\x00" {
		t.Errorf("it is called %q, %q", name, line)
	}
	rollup, err := os.ReadFile(dir + "smaps_rollup")
	check(t, err)
	for line := range strings.Lines(string(rollup)) {
		var kB int
		if _, err := fmt.Sscanf(line, "Rss: %d kB", &kB); err == nil && kB > 32 {
			t.Errorf("it takes %d kB", kB)
		}
	}
	threads, err := os.ReadDir(dir + "task")
	check(t, err)
	if len(threads) != 1 {
		t.Errorf("it has %d threads", len(threads))
	}
}

func TestKeeper_wakesWhenSomethingHappens(t *testing.T) {
	for _, c := range []struct {
		what string
		do   func(n *nap)
	}{
		{"init ended", func(n *nap) { n.init.Process.Kill() }},
		{"the console prints", func(n *nap) { n.master.WriteString("x") }},
		{"somebody connects", func(n *nap) { net.Dial("unix", n.orders.Addr().String()) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			n := sleep(t, Never)
			if !n.sleeps() {
				t.Fatal("it does not sleep")
			}
			c.do(n)
			n.wakes(t)
		})
	}
}

func TestKeeper_wakesInTime(t *testing.T) {
	began := time.Now()
	n := sleep(t, 300*time.Millisecond)
	if !n.sleeps() {
		t.Error("it does not sleep")
	}
	n.wakes(t)
	if took := time.Since(began); took < 300*time.Millisecond || took > 5*time.Second {
		t.Errorf("it woke after %v", took)
	}
}

func TestKeeper_sleepsThroughOtherSignals(t *testing.T) {
	n := sleep(t, Never)
	for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT, syscall.SIGCHLD, syscall.SIGWINCH} {
		check(t, n.cmd.Process.Signal(sig))
		time.Sleep(10 * time.Millisecond)
	}
	if !n.sleeps() {
		t.Errorf("it does not sleep: %s", n.out)
	}
}

func TestKeeper_endsInitWhenItIsTold(t *testing.T) {
	n := sleep(t, Never)
	if !n.sleeps() {
		t.Fatal("it does not sleep")
	}
	check(t, n.cmd.Process.Signal(syscall.SIGTERM))
	if err := n.cmd.Wait(); err != nil || n.out.Len() != 0 {
		t.Errorf("its end: %v, it said %q", err, n.out)
	}
	var st syscall.WaitStatus
	if state, err := n.init.Process.Wait(); err == nil {
		st = state.Sys().(syscall.WaitStatus)
	}
	if st.Signal() != syscall.SIGKILL {
		t.Errorf("init ended with %v", st)
	}
}
