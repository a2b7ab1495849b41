package host

import (
	"errors"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func forkAndWait(t *testing.T, p *Program, report *os.File) int {
	t.Helper()
	child, err := Fork(CloneOptions{Report: int(report.Fd())}, p)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(child.Pidfd)
	var st unix.WaitStatus
	if _, err := unix.Wait4(child.Pid, &st, 0, nil); err != nil {
		t.Fatal(err)
	}
	return st.ExitStatus()
}

func TestFork_runsItsCallsInOrder(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := new(Program)
	p.Step("open")
	p.Call(unix.SYS_OPENAT, ^uintptr(99), p.String("/dev/null"), unix.O_RDONLY).Save()
	p.Call(unix.SYS_CLOSE, 0).Saved(0)
	p.Call(unix.SYS_CLOSE, 12345).MayFail()
	p.Step("write")
	p.Call(unix.SYS_WRITE, uintptr(w.Fd()), p.Bytes([]byte("hello")), 5)
	p.Call(unix.SYS_EXIT_GROUP, 7)
	if code := forkAndWait(t, p, w); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
	w.Close()
	if out, _ := io.ReadAll(r); string(out) != "hello" {
		t.Errorf("the child wrote %q", out)
	}
}

func TestFork_reportsTheStepThatFailed(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := new(Program)
	p.Step("first")
	p.Call(unix.SYS_GETPID)
	p.Step("enter the void")
	p.Call(unix.SYS_CHDIR, p.String("/no/such/place"))
	p.Call(unix.SYS_EXIT_GROUP, 0)
	if code := forkAndWait(t, p, w); code != 127 {
		t.Errorf("exit code %d, want 127", code)
	}
	w.Close()
	out, _ := io.ReadAll(r)
	err = p.Report(out)
	step, ok := errors.AsType[*StepError](err)
	if !ok || step.Step != "enter the void" || step.Err != unix.ENOENT {
		t.Errorf("report: %v", err)
	}
}

func TestFork_bearsGrandchildren(t *testing.T) {
	for _, share := range []bool{true, false} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		inner := new(Program)
		inner.Step("greet")
		inner.Call(unix.SYS_WRITE, uintptr(w.Fd()), inner.Bytes([]byte("inner ")), 6)
		inner.Call(unix.SYS_EXIT_GROUP, 5)
		var pid int32
		var status [1]uint32
		p := new(Program)
		p.Step("bear")
		o := CloneOptions{Report: int(w.Fd())}
		if !share { // an unknown flag: EINVAL from both ways
			o.Flags = unix.CLONE_NEWTIME << 32
		}
		p.Fork(o, inner, &pid)
		p.Call(unix.SYS_WAIT4, 0, Pointer(p, &status), 0, 0).Saved(0)
		p.Step("write")
		p.Call(unix.SYS_WRITE, uintptr(w.Fd()), p.Bytes([]byte("outer")), 5)
		p.Call(unix.SYS_EXIT_GROUP, 6)
		code := forkAndWait(t, p, w)
		w.Close()
		out, _ := io.ReadAll(r)
		if !share {
			if code != 127 || p.Report(out) == nil {
				t.Errorf("a birth that must fail: exit code %d, report %q", code, out)
			}
			continue
		}
		if code != 6 || string(out) != "inner outer" || pid == 0 || status[0] != 5<<8 {
			t.Errorf("exit code %d, output %q, pid %d, status %#x", code, out, pid, status[0])
		}
	}
}
