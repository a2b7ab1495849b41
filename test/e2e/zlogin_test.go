package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/test/rig"
)

// entrance is the two ways into one zone: short is the program as it is shipped,
// which begins before the Go runtime, and long the ordinary zlogin.
type entrance struct {
	*rig.Rig
	zone  string
	short string
}

func newEntrance(t *testing.T) *entrance {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skipf("there is no short way into a zone on %s", runtime.GOARCH)
	}
	r := rig.New(t)
	short := filepath.Join(t.TempDir(), "zlogin")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -E=_smartbox_start", "-o", short, "../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // or the entry is the C library's
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return &entrance{r, machine(r, payload(t, "joyent-web.json", map[string]any{"nics": []any{}})), short}
}

func (e *entrance) both(stdin string, words ...string) (short, long rig.Output) {
	e.Helper()
	return e.Try(stdin, append([]string{e.short}, words...)...), e.Try(stdin, append([]string{"zlogin"}, words...)...)
}

// TestZlogin_shortWayIsTheLongOne compares what the two ways print and how they
// end, also where the short one has to give up.
func TestZlogin_shortWayIsTheLongOne(t *testing.T) {
	e := newEntrance(t)
	z := e.zone
	const words = "set -- $(cut -d' ' -f1,5- /proc/self/mountinfo | wc -l)"
	binary := strings.Repeat("\x00\xff\n\r", 70000)
	for _, c := range []struct {
		stdin string
		words []string
	}{
		{"", []string{z, "true"}},
		{"", []string{z, "exit 7"}},
		{"", []string{z, "kill -9 $$"}},
		{"", []string{z, "echo out; echo err >&2", "; echo", "'a  b'"}},
		{"", []string{z, "env | sort; id; pwd; umask; ulimit -a; echo $0; cat /proc/self/oom_score_adj"}},
		{"", []string{z, "grep -E 'Cap|NoNew|Seccomp|Groups|SigBlk|SigIgn' /proc/self/status; cat /proc/self/cgroup"}},
		{"", []string{z, "ls -l /proc/self/fd | grep -c pipe; readlink /proc/self/ns/* | wc -l; " + words}},
		{"", []string{"-S", z, "/bin/echo", "a", "b"}},
		{"", []string{"-S", z, "/bin/echo $HOME *; exit 4"}},
		{"", []string{"-S", z, "echo", "a  b"}},
		{"", []string{"-S", z, "/no/such/program"}},
		{"", []string{"-S", z, "/etc/passwd"}},
		{"text", []string{"-n", z, "cat"}},
		{"text", []string{"-Q", "-S", z, "/bin/cat"}},
		{binary, []string{z, "cat"}},
		{binary, []string{z, "head -c 5"}},
		{"", []string{z, "no-such-command"}},
		{"", []string{"-l", "nobody", z, "id -un"}},
		{"", []string{"-l", "stranger", z, "id"}},
		{"", []string{"nosuch", "true"}},
		{"", []string{"../" + z, "true"}},
		{"", []string{"global", "true"}},
		{"", []string{"-x", z, "true"}},
		{"", []string{z}},
		{"", []string{}},
		{"", []string{z, ""}},
	} {
		short, long := e.both(c.stdin, c.words...)
		if short != long {
			t.Errorf("zlogin %q:\nshort %.300v\nlong  %.300v", c.words, short, long)
		}
	}
}

// TestZlogin_givesUpOnStrangeAccounts has the zone's root make what the short way
// cannot read.
func TestZlogin_givesUpOnStrangeAccounts(t *testing.T) {
	e := newEntrance(t)
	passwd := strings.TrimSpace(e.Do("zlogin", e.zone, "cat /etc/passwd"))
	for _, c := range []struct{ what, make, want string }{
		{"a shell that is not there", "echo root:x:0:0::/root:/no/shell >/etc/passwd", ""},
		{"no shell and no home", "echo root:x:0:0::: >/etc/passwd", "/bin/sh / root"},
		{"no file", "rm /etc/passwd", "/bin/sh /root root"},
		{"a pipe", "rm -f /etc/passwd; mkfifo /etc/passwd", "/bin/sh /root root"},
		{"a directory", "rm -f /etc/passwd; mkdir /etc/passwd", "/bin/sh /root root"},
		{"a link to the host's", "rm -rf /etc/passwd; ln -s /proc/1/root/etc/passwd /etc/passwd", "/bin/sh /root root"},
		{"a loop of links", "ln -sf passwd /etc/passwd", "/bin/sh /root root"},
		{"a large file", "rm -f /etc/passwd; yes '#' | head -c 100000 >/etc/passwd; echo root:x:0:0::/tmp:/bin/sh >>/etc/passwd", "/bin/sh /tmp root"},
	} {
		if o := e.Try("", "zlogin", "-S", e.zone, c.make); o.Code != 0 {
			t.Fatalf("%s: %+v", c.what, o)
		}
		short, long := e.both("", e.zone, "echo $SHELL $PWD $USER; grep -h [UG]id: /proc/self/status")
		if short != long || !strings.HasPrefix(short.Stdout, c.want) {
			t.Errorf("%s:\nshort %.300v\nlong  %.300v\nwant %q", c.what, short, long, c.want)
		}
	}
	e.Feed(passwd+"\n", "zlogin", "-S", e.zone, "rm -rf /etc/passwd; cat >/etc/passwd; echo staff:x:77:bin,root >>/etc/group; sed -i 's/^root:x:0:0/root:x:33:34/; s,:/root:,:/tmp:,' /etc/passwd; chmod 1777 /tmp")
	if short, long := e.both("", e.zone, "pwd; id -u; id -G"); short != long || short.Stdout != "/tmp\n33\n34 77\n" {
		t.Errorf("another id: %+v and %+v", short, long)
	}
	if short, long := e.both("", e.zone, "id -un"); short != long || short.Code != 0 {
		t.Errorf("at last: %+v and %+v", short, long)
	}
}

// running starts the short way and returns when its command has said "up".
func (e *entrance) running(script string) (*exec.Cmd, io.ReadCloser) {
	e.Helper()
	c := e.Command(context.Background(), e.short, e.zone, "echo up; "+script)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		e.Fatal(err)
	}
	e.Cleanup(func() { c.Process.Kill(); c.Wait() }) //nolint:errcheck // it has mostly ended
	up := make([]byte, 3)
	if _, err := io.ReadFull(out, up); err != nil || string(up) != "up\n" {
		e.Fatalf("%q, %v", up, err)
	}
	return c, out
}

func TestZlogin_shortWayHasNoRuntime(t *testing.T) {
	e := newEntrance(t)
	c, _ := e.running("sleep 100")
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
	if err != nil || !bytes.Contains(status, []byte("\nThreads:\t1\n")) {
		t.Errorf("%v, %s", err, status)
	}
}

func TestZlogin_shortWayPassesSignalsOn(t *testing.T) {
	e := newEntrance(t)
	for sig, want := range map[syscall.Signal]int{syscall.SIGINT: 42, syscall.SIGTERM: 43, syscall.SIGHUP: 44, syscall.SIGQUIT: 45} {
		c, _ := e.running("trap 'exit 42' INT; trap 'exit 43' TERM; trap 'exit 44' HUP; trap 'exit 45' QUIT; echo up; while :; do sleep 0.05; done")
		time.Sleep(50 * time.Millisecond) // the traps come after the first word
		if err := c.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		c.Wait() //nolint:errcheck // the code says it
		if got := c.ProcessState.ExitCode(); got != want {
			t.Errorf("%v: exit code %d, want %d", sig, got, want)
		}
	}
}

// The command is hung up when zlogin is killed, and told when nobody reads.
func TestZlogin_shortWayLeavesNothing(t *testing.T) {
	e := newEntrance(t)
	c, _ := e.running("exec sleep 4711")
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.Wait() //nolint:errcheck // killed
	_, out := e.running("exec yes 4711")
	out.Close()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		left := e.Try("", "zlogin", e.zone, "ps -ef | grep '471[1]'")
		if left.Stdout == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("left in the zone: %s", left.Stdout)
		}
	}
}

// A file opened for appending, or a device, is nothing for splice(2).
func TestZlogin_shortWayCopiesWhereItMust(t *testing.T) {
	e := newEntrance(t)
	name := filepath.Join(t.TempDir(), "log")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := e.Command(t.Context(), e.short, e.zone, "seq 50000; head -c 9 | od -An -tx1 >&2")
	var errs bytes.Buffer
	zero, err := os.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer zero.Close()
	c.Stdin, c.Stdout, c.Stderr = zero, f, &errs
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil || len(data) != 288894 || !bytes.HasSuffix(data, []byte("\n49999\n50000\n")) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if got := strings.TrimSpace(errs.String()); got != "00 00 00 00 00 00 00 00 00" {
		t.Errorf("%q", got)
	}
}

// What a dead zoneadmd, another boot or another program wrote is not believed.
func TestZlogin_distrustsTheRecord(t *testing.T) {
	e := newEntrance(t)
	file := filepath.Join(e.Root, "run/smartbox/zones", e.zone, "door")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty":      {},
		"short":      good[:len(good)-1],
		"long":       append(bytes.Clone(good), 0),
		"other":      bytes.Replace(good, []byte("door 1"), []byte("door 2"), 1),
		"other init": append(append(bytes.Clone(good[:16]), 1, 0, 0, 0, 0, 0, 0, 0), good[24:]...),
		"other boot": bytes.Replace(good, good[48:52], []byte("0000"), 1),
	} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, _ := e.running("sleep 100")
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
		if err != nil || bytes.Contains(status, []byte("\nThreads:\t1\n")) {
			t.Errorf("%s: the short way was taken (%v)", name, err)
		}
	}
	e.Do("vmadm", "stop", "-F", e.zone)
	if _, err := os.Stat(file); err == nil {
		t.Error("the record is left behind")
	}
	short, long := e.both("", e.zone, "true")
	if short != long || !strings.Contains(short.Stderr, "login allowed only to running zones") {
		t.Errorf("%+v and %+v", short, long)
	}
}
