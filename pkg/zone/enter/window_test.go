package enter

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/internal/testenv"
)

// enterAndHang is the part of the parent that is killed in
// TestStart_hangsUpWhenTheParentDies.
func enterAndHang() {
	pid, _ := strconv.Atoi(os.Getenv("ENTER_PID"))
	if pid == 0 {
		return
	}
	start, err := host.StartTime(pid)
	if err != nil {
		panic(err)
	}
	c := shell("echo $$; exec sleep 1000")
	c.Streams = [3]int{0, 1, 2}
	p, err := Start(context.Background(), Target{Pid: pid, Start: start}, c)
	if err != nil {
		panic(err)
	}
	p.Wait()
	os.Exit(0)
}

func TestStart_hangsUpWhenTheParentDies(t *testing.T) {
	z := testenv.NewZone(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{"ENTER_PID=" + strconv.Itoa(z.Pid)}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var line [16]byte
	n, err := out.Read(line[:])
	if err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	// The command holds the pipe: it ends when the command does.
	if err := out.(*os.File).SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	pid := strings.TrimSpace(string(line[:n]))
	said, _ := run(t, target(z), shell("grep State /proc/"+pid+"/status"), "")
	if !strings.Contains(said, "No such file") && !strings.Contains(said, "zombie") {
		t.Errorf("process %s outlived its parent: %q", pid, said)
	}
}

// spy stops every process that it did not know and that is no command yet, and
// then tries what a hostile root would. It prints what it got hold of.
const spy = `
use strict; use POSIX;
my ($ptrace, $readv) = @ARGV;
my %known = ($$ => 1, 1 => 1);
$| = 1; print "ready\n";
while (1) {
	opendir(my $d, "/proc") or die;
	for my $pid (grep { /^\d+$/ && !$known{$_} } readdir $d) {
		kill 'STOP', $pid;
		select undef, undef, undef, 0.05; # it stops on its way out of the kernel, maybe past exec
		open(my $c, "<", "/proc/$pid/comm") or next;
		my $comm = <$c>; chomp $comm;
		if ($comm !~ /^enter\.test/) { $known{$pid} = 1; kill 'CONT', $pid; next; }
		for my $l ("exe", "cwd", "root", "fd/0", "fd/3", "ns/user") {
			my $to = readlink "/proc/$pid/$l"; print "got $l -> $to\n" if defined $to;
		}
		for my $f ("mem", "maps", "environ", "auxv", "syscall") {
			open(my $h, "<", "/proc/$pid/$f") or next;
			my $buf; print "got $f\n" if sysread($h, $buf, 16);
		}
		opendir(my $fds, "/proc/$pid/fd") and print "got fd/\n";
		print "got ptrace\n" if syscall($ptrace, 0x4206, $pid, 0, 0) == 0; # PTRACE_SEIZE
		my $buf = "\0" x 16; my $local = pack("p Q", $buf, 16); my $remote = pack("Q Q", 0x400000, 16);
		print "got memory\n" if syscall($readv, $pid, $local, 1, $remote, 1, 0) > 0;
		print "caught $comm\n"; exit;
	}
}`

func TestStart_cannotBeSpiedUponNorHeldUp(t *testing.T) {
	testenv.RequireCommand(t, "perl")
	z := testenv.NewZone(t)
	out, outChild := pipe(t)
	in, _ := pipe(t)
	c := Command{
		Argv: []string{"perl", "-e", spy, strconv.Itoa(unix.SYS_PTRACE), strconv.Itoa(unix.SYS_PROCESS_VM_READV)},
		Path: []string{"/usr/bin"}, Dirs: []string{"/"},
		Streams: [3]int{int(in.Fd()), int(outChild.Fd()), int(outChild.Fd())},
	}
	p, err := Start(t.Context(), target(z), c)
	if err != nil {
		t.Fatal(err)
	}
	ended := false
	defer func() {
		if !ended {
			p.SignalGroup(unix.SIGKILL)
			p.Wait()
		}
	}()
	outChild.Close()
	var ready [6]byte
	if _, err := io.ReadFull(out, ready[:]); err != nil {
		t.Fatal(err)
	}
	caught := false
	for deadline := time.Now().Add(20 * time.Second); !caught && time.Now().Before(deadline); {
		caught = enterUnder(t, target(z))
	}
	if !caught {
		t.Skip("the spy was never fast enough to meet a process on its way in")
	}
	report, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	ended = true
	if code, err := p.Wait(); code != 0 || err != nil {
		t.Errorf("spy: code %d, %v", code, err)
	}
	if !strings.HasPrefix(string(report), "caught ") {
		t.Errorf("the zone's root saw into the process on its way in:\n%s", report)
	}
}

// enterUnder enters while the spy may stop the process, and reports whether it
// did so before the command ran.
func enterUnder(t *testing.T, to Target) bool {
	t.Helper()
	in, _ := pipe(t)
	_, out := pipe(t)
	c := Command{Argv: []string{"/usr/bin/true"}, Dirs: []string{"/"}, Streams: [3]int{int(in.Fd()), int(out.Fd()), int(out.Fd())}}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	p, err := Start(ctx, to, c)
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if err != nil {
		t.Fatal(err)
	}
	if code, err := p.Wait(); code != 0 || err != nil {
		t.Errorf("code %d, %v", code, err)
	}
	return false
}

func TestStart_stoppedParentHoldsNoZone(t *testing.T) {
	z := testenv.NewZone(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{"ENTER_PID=" + strconv.Itoa(z.Pid)}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	pidfd, err := unix.PidfdOpen(z.Pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pidfd)
	if err := unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if n, _ := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 1000); n == 1 {
			return
		}
	}
	t.Error("init does not end while the parent of an entered process is stopped")
}
