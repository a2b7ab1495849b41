package enter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.RunZoneInit()
	enterAndHang()
	os.Exit(m.Run())
}

func target(z *testenv.Zone) Target { return Target{Pid: z.Pid, Start: z.Start} }

func shell(script string) Command {
	return Command{
		Argv: []string{"/bin/sh", "-c", script},
		Env:  []string{"PATH=/usr/bin:/bin"},
		Dirs: []string{"/"},
	}
}

// run runs c with pipes and returns what it said on both streams.
func run(t *testing.T, to Target, c Command, input string) (string, int) {
	t.Helper()
	in, inChild := pipe(t)
	out, outChild := pipe(t)
	in, inChild = inChild, in
	c.Streams = [3]int{int(inChild.Fd()), int(outChild.Fd()), int(outChild.Fd())}
	p, err := Start(t.Context(), to, c)
	inChild.Close()
	outChild.Close()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		io.WriteString(in, input)
		in.Close()
	}()
	var said bytes.Buffer
	io.Copy(&said, out)
	code, err := p.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return said.String(), code
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func TestStart_runsInTheZone(t *testing.T) {
	z := testenv.NewZone(t)
	out, code := run(t, target(z), shell("id -u; pwd; cat; cat /proc/self/uid_map; exit 7"), "hello\n")
	if code != 7 || !strings.HasPrefix(out, "0\n/\nhello\n") || !strings.Contains(out, fmt.Sprint(testenv.ZoneIDBase)) {
		t.Errorf("code %d, output:\n%s", code, out)
	}
}

func TestStart_sharesAllNamespacesOfInit(t *testing.T) {
	z := testenv.NewZone(t)
	script := "for n in user mnt pid net uts ipc cgroup; do readlink /proc/self/ns/$n; done"
	out, _ := run(t, target(z), shell(script), "")
	for i, n := range []string{"user", "mnt", "pid", "net", "uts", "ipc", "cgroup"} {
		want, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", z.Pid, n))
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Split(out, "\n"); lines[i] != want {
			t.Errorf("%s: in %q, init in %q", n, lines[i], want)
		}
	}
}

func TestStart_leaksNothingOfTheHost(t *testing.T) {
	z := testenv.NewZone(t)
	f, err := os.Open("/etc/hostname") // something that must not get in
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETFD, 0); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LISTEN_FDS", "1")
	out, _ := run(t, target(z), shell(`
		for f in /proc/self/fd/*; do echo "fd ${f##*/} $(readlink /proc/$$/fd/${f##*/})"; done
		env | sort; echo cwd $(readlink /proc/$$/cwd); echo root $(readlink /proc/$$/root)
		echo tty $(cut -d' ' -f7 /proc/self/stat)
		echo mask $(umask) $(grep SigBlk /proc/self/status)
		: < /dev/tty && echo has a terminal`), "")
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if fields[0] == "fd" && len(fields) > 2 && !strings.HasPrefix(fields[2], "pipe:") {
			t.Errorf("open in the zone: %s", line)
		}
	}
	for _, want := range []string{"cwd /\n", "root /\n", "tty 0\n", "mask 0022 SigBlk: 0000000000000000\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	for _, bad := range []string{"LISTEN_FDS", "SECRET", "has a terminal", "SMARTBOX"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q got in:\n%s", bad, out)
		}
	}
}

func TestStart_givesNoMoreThanInitHas(t *testing.T) {
	z := testenv.NewZone(t)
	for _, uid := range []uint32{0, 1000} {
		c := shell("grep -E '^Cap(Bnd|Eff|Inh|Amb)' /proc/self/status; id -G; ulimit -n; ulimit -Hl")
		c.UID, c.GID, c.Groups = uid, uid, []uint32{uid, 60}
		lowered := unix.Rlimit{Cur: 1 << 16, Max: 1 << 16}
		if err := unix.Prlimit(z.Pid, unix.RLIMIT_MEMLOCK, &lowered, nil); err != nil {
			t.Fatal(err)
		}
		out, _ := run(t, target(z), c, "")
		init, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", z.Pid))
		if err != nil {
			t.Fatal(err)
		}
		_, bnd, _ := strings.Cut(string(init), "CapBnd:")
		bnd = strings.Fields(bnd)[0]
		effective := map[uint32]string{0: bnd, 1000: "0000000000000000"}[uid]
		for _, want := range []string{
			"CapBnd:\t" + bnd, "CapEff:\t" + effective, "CapInh:\t0000000000000000", "CapAmb:\t0000000000000000",
			fmt.Sprintf("\n%d 60\n", uid), "\n64\n",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("uid %d: no %q in:\n%s", uid, want, out)
			}
		}
	}
}

func TestStart_takesOnTheFilter(t *testing.T) {
	z := testenv.NewZone(t)
	to := target(z)
	// Refuse uname(2) with ERANGE, allow the rest.
	to.Filter = []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_UNAME, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ERANGE)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	out, code := run(t, to, shell("uname; grep Seccomp: /proc/self/status"), "")
	if !strings.Contains(out, "Numerical result out of range") || !strings.Contains(out, "Seccomp:\t2") {
		t.Errorf("code %d, output:\n%s", code, out)
	}
}

func TestStart_terminalIsTheZones(t *testing.T) {
	z := testenv.NewZone(t)
	c := shell("tty; stty -a | head -1; ls -l /proc/self/fd; stat -c %u $(tty); read x; echo got $x; kill -9 $$")
	c.TTY, c.UID, c.GID = true, 1000, 1000
	p, err := Start(t.Context(), target(z), c)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Master.Close()
	if _, err := io.WriteString(p.Master, "word\n"); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(p.Master)
	if !errors.Is(err, unix.EIO) {
		t.Errorf("read: %v", err)
	}
	if code, err := p.Wait(); code != 128+9 || err != nil {
		t.Errorf("code %d, %v", code, err)
	}
	for _, want := range []string{"/dev/pts/0\r\n", "got word", "\n1000\r\n"} {
		if !strings.Contains(string(said), want) {
			t.Errorf("no %q in:\n%s", want, said)
		}
	}
	for line := range strings.Lines(string(said)) {
		if _, to, found := strings.Cut(line, " -> "); found && to != "/dev/pts/0\r\n" && !strings.HasPrefix(to, "/proc/") {
			t.Errorf("open in the zone: %s", line)
		}
	}
}

func TestStart_errors(t *testing.T) {
	z := testenv.NewZone(t)
	c := shell("")
	in, _ := pipe(t)
	_, out := pipe(t)
	c.Streams = [3]int{int(in.Fd()), int(out.Fd()), int(out.Fd())}

	missing := c
	missing.Argv = []string{"/no/such"}
	_, err := Start(t.Context(), target(z), missing)
	step, ok := errors.AsType[*StepError](err)
	if !ok || !step.NotExecuted() || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing command: %v", err)
	}
	nul := c
	nul.Argv = []string{"/bin/sh", "a\x00b"}
	if _, err := Start(t.Context(), target(z), nul); err == nil {
		t.Error("NUL byte passed")
	}
	dir := c
	dir.Dirs = []string{"/no/such"}
	if _, err := Start(t.Context(), target(z), dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
	stale := target(z)
	stale.Start++
	if _, err := Start(t.Context(), stale, c); !errors.Is(err, ErrGone) {
		t.Errorf("another process's pid: %v", err)
	}
	group := target(z)
	group.Cgroups = []string{t.TempDir()}
	if _, err := Start(t.Context(), group, c); err == nil {
		t.Error("a directory that is no cgroup passed")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := Start(ended, target(z), c); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}
