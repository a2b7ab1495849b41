package dtrace

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/dtrace/consume"
)

// again does something over and over while a test runs.
func again(t *testing.T, do func()) {
	t.Helper()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				do()
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-done
	})
}

// command runs a program under a name of its own, so that a test's probes tell
// it from whatever else the host does.
func command(t *testing.T, name string, args ...string) func() {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.Symlink("/bin/true", path); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := exec.Command(path, args...).Run(); err != nil {
			t.Error(err)
		}
	}
}

// providerTest is a program that must print what matches want while the trigger
// is pulled over and over.
type providerTest struct {
	name, text, want string
	trigger          func(t *testing.T) func()
}

func (c providerTest) run(t *testing.T) {
	if c.trigger != nil {
		again(t, c.trigger(t))
	}
	out, errs := run(t, c.text+"\ntick-15s { printf(\"late\"); exit(1) }", consume.Options{Quiet: true, StackIndent: 14})
	if !regexp.MustCompile("^(?:"+c.want+")$").MatchString(out) || errs != "" {
		t.Errorf("%s\ngot %q and %q, want %q", c.text, out, errs, c.want)
	}
}

func runAll(t *testing.T, list []providerTest) {
	testenv.RequireRoot(t)
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) { c.run(t) })
	}
}

func TestProc(t *testing.T) {
	traced := func(t *testing.T) func() { return command(t, "dt-traced") }
	ours := fmt.Sprint(os.Getpid())
	runAll(t, []providerTest{
		{"exec", `proc:::exec /basename(args[0]) == "dt-traced"/ { self->in = 1 } proc:::exec-success /self->in/ { printf("%s %s", execname, curpsinfo->pr_fname); exit(0) }`, "dt-traced dt-traced", traced},
		{"failure", `proc:::exec-failure /pid != $pid && ppid == $pid && args[0] == ENOENT/ { printf("%d", args[0]); exit(0) }`, "2", func(t *testing.T) func() {
			path := filepath.Join(t.TempDir(), "none")
			if err := os.WriteFile(path, []byte("#!/nosuch\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := exec.Command(path).Run(); err == nil {
					t.Error("an interpreter that is not there ran")
				}
			}
		}},
		{"create", `proc:::create /pid == $pid/ { child = args[0]->pr_pid; parent = args[0]->pr_ppid } proc:::start /pid == child/ { printf("%d", ppid == $pid && parent == $pid); exit(0) }`, "1", traced},
		{"exit", `proc:::exit /execname == "dt-traced"/ { printf("%d", args[0] == CLD_EXITED); exit(0) }`, "1", traced},
		{"killed", `proc:::exit /execname == "sleep" && ppid == $pid/ { printf("%d", args[0] == CLD_KILLED); exit(0) }`, "1", killed(t, unix.SIGTERM)},
		{"signal", `proc:::signal-send /pid == $pid && args[2] == SIGUSR2/ { target = args[1]->pr_pid; who = args[1]->pr_fname } proc:::signal-handle /pid == target/ { printf("%s %d", who, args[0]); exit(0) }`, "(sleep|.*test) 12", killed(t, unix.SIGUSR2)},
		{"fault", `proc:::fault /pid == $pid/ { printf("%d %d %d", args[0] == FLTBOUNDS, args[1]->si_signo == SIGSEGV, curpsinfo->pr_pid == $pid); exit(0) }`, "1 1 1", func(t *testing.T) func() {
			return func() {
				defer func() {
					if recover() == nil {
						t.Error("an address that is nowhere was read")
					}
				}()
				var nowhere *int
				t.Log(*nowhere)
			}
		}},
		{"no-fault", `proc:::fault /pid != $pid && ppid == $pid/ { printf("a signal from elsewhere is no fault") } proc:::exit /execname == "sleep" && ppid == $pid/ { exit(0) }`, "", killed(t, unix.SIGSEGV)},
		{"lwp", `proc:::lwp-create /pid == $pid/ { tid2 = args[0]->pr_lwpid } proc:::lwp-start /tid == tid2/ { printf("%d", pid); exit(0) }`, ours, func(*testing.T) func() {
			return func() {
				done := make(chan struct{})
				go func() {
					runtime.LockOSThread() // ends the thread with the function
					close(done)
				}()
				<-done
			}
		}},
	})
}

// killed starts a process and sends it a signal.
func killed(t *testing.T, sig unix.Signal) func(t *testing.T) func() {
	t.Helper()
	return func(t *testing.T) func() {
		return func() {
			c := exec.Command("sleep", "60")
			if err := c.Start(); err != nil {
				t.Error(err)
				return
			}
			if err := c.Process.Signal(sig); err != nil {
				t.Error(err)
			}
			if err := c.Wait(); err == nil {
				t.Error("a signal did not end the process")
			}
		}
	}
}

// TestSched checks whose names the probes have: on-cpu runs while the kernel
// still calls the previous thread current.
func TestSched(t *testing.T) {
	nap := func(*testing.T) func() { return func() { unix.Nanosleep(&unix.Timespec{Nsec: 1000}, nil) } }
	runAll(t, []providerTest{
		{"on-cpu", `sched:::off-cpu /pid == $pid/ { left = tid; self->off = 1 }
sched:::on-cpu /self->off/ { printf("%d %d %d %d", pid == $pid, curthread->tgid == $pid, curpsinfo->pr_pid == $pid, uid); exit(0) }`, "1 1 1 0", nap},
		{"off-cpu", `sched:::off-cpu /pid == $pid/ { printf("%d", args[1]->pr_pid != $pid || args[0]->pr_lwpid != tid); exit(0) }`, "1", nap},
		{"sleep", `sched:::sleep /pid == $pid/ { printf("slept"); exit(0) }`, "slept", nap},
		{"wakeup", `sched:::wakeup /args[1]->pr_pid == $pid/ { printf("%s", args[1]->pr_fname); exit(0) }`, ".*test.*", nap},
		{"enqueue", `sched:::enqueue /args[1]->pr_pid == $pid/ { printf("%d", args[2]->cpu_id < 4096 && args[3] == 0); exit(0) }`, "1", nap},
		{"surrender", `sched:::surrender /pid == $pid/ { printf("%d", args[1]->pr_pid == $pid); exit(0) }`, "1", func(*testing.T) func() {
			return func() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
		}},
	})
}

// TestTracepoints reads typed arguments of tracepoints.
func TestTracepoints(t *testing.T) {
	runAll(t, []providerTest{
		{"types", `rawtp:sched::sched_process_exit /args[0]->comm == "dt-traced"/ { printf("%s %d", args[0]->comm, args[0]->tgid == pid); exit(0) }`, "dt-traced 1", func(t *testing.T) func() { return command(t, "dt-traced") }},
		{"sizes", `BEGIN { printf("%d %d", sizeof (struct list_head), offsetof(struct list_head, prev)); exit(0) }`, "16 8", nil},
		{"scope", "BEGIN { this->p = (vmlinux`pid_t)curthread->tgid; printf(\"%d\", this->p == pid); exit(0) }", "1", nil},
		{"cast", `BEGIN { this->t = (struct task_struct *)(uint64_t)curthread; printf("%s", this->t->comm == execname ? "same" : "other"); exit(0) }`, "same", nil},
		{"chain", `BEGIN { printf("%d", curthread->group_leader->tgid == pid && curthread->mm != NULL); exit(0) }`, "1", nil},
		{"enum", `BEGIN { printf("%d", PIDTYPE_TGID); exit(0) }`, "1", nil},
	})
}

// TestNames checks what the tracepoints' names and conditions are.
func TestTracepointNames(t *testing.T) {
	testenv.RequireRoot(t)
	u, err := compile(t, `rawtp:::sched_switch, sched:::on-cpu { trace(1) } BEGIN { exit(0) }`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range u.Probes() {
		names = append(names, p.String())
	}
	if got := strings.Join(names, " "); got != "dtrace:::BEGIN sched:vmlinux::on-cpu rawtp:sched::sched_switch" {
		t.Errorf("got %s", got)
	}
	for _, text := range []string{`rawtp:::sched_switch { trace(args[9]) }`, `proc:::create, proc:::exit { trace(args[0]) }`, `sched:::on-cpu { trace(args[0]) }`} {
		if _, err := compile(t, text); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}

// TestKernelFunctions traces functions of the kernel, with their types.
func TestKernelFunctions(t *testing.T) {
	testenv.RequireRoot(t)
	if _, err := os.Stat("/sys/bus/event_source/devices/kprobe/type"); err != nil {
		if _, err := compile(t, "fbt::vfs_read:entry { exit(0) }"); err == nil {
			t.Error("a probe that this kernel cannot make was accepted")
		}
		t.Skip("this kernel has no probes of its functions")
	}
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(t *testing.T) func() {
		return func() {
			if _, err := os.ReadFile(name); err != nil {
				t.Error(err)
			}
		}
	}
	runAll(t, []providerTest{
		{"entry", `fbt:vmlinux:vfs_read:entry /pid == $pid && args[0]->f_path.dentry->d_name.name != NULL/ { self->in = args[2] }
fbt:vmlinux:vfs_read:return /self->in && args[1] == 100/ { printf("%s %d", probefunc, args[1] == (ssize_t)arg1); exit(0) }`, "vfs_read 1", read},
		{"many", `fbt::vfs_*:entry /pid == $pid/ { printf("%s", probemod); exit(0) }`, "vmlinux", read},
		{"stack", `fbt::vfs_read:entry /pid == $pid/ { printf("%d", stackdepth > 1 && caller != 0); exit(0) }`, "1", read},
	})
}

// TestSyscallGroups has system calls that run different clauses out of many:
// each runs its own, in the order of the program.
func TestSyscallGroups(t *testing.T) {
	var b strings.Builder
	b.WriteString(`syscall:::entry /pid == $pid/ { self->all = 1; self->ran = 0 }
`)
	for range 70 { // more than one word of bits, none of them of getpriority
		b.WriteString("syscall::getsid:entry /pid == $pid/ { self->ran += 1 }\n")
	}
	b.WriteString(`syscall::getpriority:entry, syscall::setpriority:entry /self->all/ { self->ran += 1000 }
syscall::getpriority:entry /self->ran/ { printf("%s %d", probefunc, self->ran); exit(0) }
syscall::getpriority:return { exit(1) }`)
	runAll(t, []providerTest{{"bits", b.String(), "getpriority 1000", func(*testing.T) func() {
		return func() {
			unix.Getsid(0)
			if _, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err != nil {
				t.Error(err)
			}
		}
	}}})
}
