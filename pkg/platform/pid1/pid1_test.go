package pid1

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// status is how a shell command ends.
func status(t *testing.T, command string) unix.WaitStatus {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return unix.WaitStatus(cmd.ProcessState.Sys().(syscall.WaitStatus))
}

func TestVerdict(t *testing.T) {
	for command, want := range map[string]int{"exit 64": CodePowerOff, "exit 65": CodeReboot, "exit 66": CodeKexec} {
		if code, err := verdict(status(t, command)); code != want || err != nil {
			t.Errorf("%s: %d, %v", command, code, err)
		}
	}
	for command, want := range map[string]string{"exit 0": "code 0", "exit 2": "code 2", "kill -9 $$": "ended by killed"} {
		if _, err := verdict(status(t, command)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// As PID 1 of a namespace of its own: the test binary is init and, by its name,
// the worker. It leaves orphans, which must be reaped, hands signals on, and
// ends as its worker says.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("PID1_TEST") == "init" && os.Getpid() == 1:
		asInit()
	case os.Getenv("PID1_TEST") != "" && os.Args[0] == Worker:
		asWorker()
	}
	os.Exit(m.Run())
}

func asInit() {
	// Of its own first: the host must not see another /proc.
	err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, "")
	if err = errors.Join(err, unix.Mount("proc", "/proc", "proc", 0, "")); err != nil {
		say("proc: %v", err)
		os.Exit(1)
	}
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, append([]os.Signal{unix.SIGCHLD}, forwarded...)...)
	code, err := supervise(signals)
	if err != nil {
		say("%v", err)
		os.Exit(1)
	}
	everybody(unix.SIGTERM)
	everybody(unix.SIGKILL)
	os.Exit(code)
}

// asWorker leaves an orphan that ends at once and one that does not, and waits
// for a signal.
func asWorker() {
	term := make(chan os.Signal, 1)
	signal.Notify(term, unix.SIGTERM)
	orphans := exec.Command("sh", "-c", `sleep 0 & sh -c 'trap "" TERM; while :; do sleep 1; done' & exit 0`)
	if err := orphans.Run(); err != nil {
		say("%v", err)
		os.Exit(1)
	}
	for zombies() > 0 {
		time.Sleep(time.Millisecond)
	}
	say("reaped")
	<-term
	os.Exit(CodeReboot)
}

// zombies counts them in this namespace.
func zombies() int {
	n := 0
	dirs, _ := os.ReadDir("/proc")
	for _, d := range dirs {
		stat, err := os.ReadFile("/proc/" + d.Name() + "/stat")
		if err != nil {
			continue
		}
		if _, after, ok := strings.Cut(string(stat), ") "); ok && strings.HasPrefix(after, "Z") {
			n++
		}
	}
	return n
}

func TestSupervise_reapsAndForwards(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: makes a namespace of processes")
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "PID1_TEST=init")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS, Pdeathsig: unix.SIGKILL}
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	var said strings.Builder
	for buf := make([]byte, 256); !strings.Contains(said.String(), "reaped"); {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("%v: %s", err, &said)
		}
		said.Write(buf[:n])
	}
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() //nolint:errcheck // its code is looked at
	if code := cmd.ProcessState.ExitCode(); code != CodeReboot {
		t.Errorf("it ended with %d: %s", code, &said)
	}
}
