package super_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/console"
)

func attr(name, value string) func(*zone.Config) {
	return func(c *zone.Config) {
		for i := range c.Attrs {
			if c.Attrs[i].Name == name {
				c.Attrs[i].Value = value
				return
			}
		}
		c.Attrs = append(c.Attrs, zone.Attr{Name: name, Type: "string", Value: value})
	}
}

func rctl(name, limit string) func(*zone.Config) {
	return func(c *zone.Config) {
		c.Rctls = append(c.Rctls, zone.Rctl{Name: name, Values: []zone.RctlValue{{Priv: "privileged", Limit: limit, Action: "deny"}}})
	}
}

// says runs a script as init until it ends and returns what it printed.
func (w *world) says(name, script string, change ...func(*zone.Config)) string {
	w.t.Helper()
	w.add(name, "exec >/out 2>&1\n"+script, change...)
	w.boot(name)
	w.eventually("the end of "+name, func() bool { return w.state(name).State == zone.Installed })
	out, err := os.ReadFile(filepath.Join(w.rootDir(name), "out"))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(out)
}

func TestSparse_usesTheHostsProgramsReadOnly(t *testing.T) {
	w := newWorld(t)
	out := w.says("s", `
PATH=/usr/bin:/bin:/usr/sbin
uname -s; id -u; ls / | tr '\n' ' '; echo
touch /usr/x || echo usr is read-only
touch /native/x || echo native is read-only
echo x >/native/smartbox || echo smartbox is read-only
touch /var/x /tmp/x && echo own
/native/usr/sbin/mdata-get x; echo mdata $?
stat -c '%u %a' /usr/bin/su /native/smartbox /tmp
cat /etc/hostname /etc/hosts /etc/resolv.conf
echo "i am $(cat /native/zonename)"
`, func(c *zone.Config) { c.Brand = "joyent-minimal" }, attr("init-name", "/init"), func(c *zone.Config) {
		os.MkdirAll(filepath.Join(w.rootDir("s"), "var"), 0o755)
	}, attr("resolvers", "10.0.0.1,10.0.0.2"), attr("dns-domain", "example.com"), attr("hostname", "mine"))
	t.Log(out)
	for _, want := range []string{"Linux\n0\n", "hellomdata 0\n", "i am s\n", "usr is read-only", "native is read-only", "smartbox is read-only", "own", "\n0 4755\n", "\n0 1777\n", "mine\n127.0.0.1", "mine.example.com mine", "search example.com\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestLimits_holdAndChangeLive(t *testing.T) {
	w := newWorld(t)
	w.add("l", `: >/ready; i=0; while busybox [ ! -e /go ]; do busybox sleep 0.05; done
a=x; while :; do a=$a$a; done`, rctl("zone.max-physical-memory", strconv.Itoa(48<<20)), rctl("zone.max-lwps", "20"))
	s := w.boot("l")
	pids := func() string {
		for _, d := range s.Run.Cgroups {
			if b, err := os.ReadFile(filepath.Join(d, "pids.max")); err == nil {
				return strings.TrimSpace(string(b))
			}
		}
		return ""
	}
	if pids() != "20" {
		t.Errorf("pids.max is %q", pids())
	}
	if err := w.Edit(t.Context(), "l", func(c *zone.Config) error { c.Rctls[1].Values[0].Limit = "33"; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := w.Refresh(t.Context(), "l"); err != nil {
		t.Fatal(err)
	}
	if pids() != "33" {
		t.Errorf("after refresh pids.max is %q", pids())
	}
	w.write("l", "go", "", 0o644)
	w.eventually("the zone's end for want of memory", func() bool { return w.state("l").State == zone.Installed })
	if end := w.state("l").LastEnd; end == nil || end.OOMKills == 0 {
		t.Errorf("the last end: %+v", end)
	}
}

func TestInit_isRestartedWhenItCrashes(t *testing.T) {
	w := newWorld(t)
	w.add("r", "if busybox [ -e /once ]; then exec busybox sleep 1000; fi; >/once; exit 3", attr("restart-init", "true"))
	w.boot("r")
	w.eventually("a restart", func() bool {
		s := w.state("r")
		return s.Run != nil && s.Run.Restarts == 1 && s.State == zone.Running
	})
	if end := w.state("r").LastEnd; end == nil || end.Status != 3<<8 {
		t.Errorf("the last end: %+v", end)
	}
}

func TestHalt_whileWaitingForARestart(t *testing.T) {
	w := newWorld(t)
	w.add("r", "exit 1", attr("restart-init", "true"))
	w.boot("r")
	w.eventually("the pause", func() bool { return w.state("r").State == zone.Down })
	if err := w.Halt(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	w.clean("r")
}

func TestConsole_showsNoticesAndInput(t *testing.T) {
	w := newWorld(t)
	w.add("c", `busybox stty -echo; echo hello from init; read line </dev/console; echo got $line; read line; busybox reboot -f`)
	w.boot("c")
	conn, err := host.DialUnix(w.RunDir("c"), console.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "%s %s\n", console.Write, console.Replay)
	r := bufio.NewScanner(conn)
	expect := func(want string) {
		t.Helper()
		for r.Scan() {
			if strings.TrimRight(r.Text(), "\r") == want {
				return
			}
		}
		t.Fatalf("no %q: %v", want, r.Err())
	}
	expect("ok")
	expect("[NOTICE: Zone booting up]")
	expect("hello from init")
	fmt.Fprintln(conn, "one two")
	expect("got one two")
	fmt.Fprintln(conn, "")
	expect("[NOTICE: Zone rebooting]")
	expect("[NOTICE: Zone booting up]")
	expect("hello from init")
	if err := w.Halt(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	expect("[NOTICE: Zone halted]")
	if log, err := os.ReadFile(w.ConsoleLog("c")); err != nil || !strings.Contains(string(log), "Z got one two\n") {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestAll_bootsAndHaltsInParallel(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		w.add(fmt.Sprint("z", i), "exec busybox sleep 1000", func(c *zone.Config) { c.Autoboot = i != 0 })
	}
	if err := w.BootAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	bases := map[uint32]bool{}
	for i := range 6 {
		s := w.state(fmt.Sprint("z", i))
		if (s.State == zone.Running) != (i != 0) {
			t.Errorf("z%d is %s", i, s.State)
		}
		if s.Run != nil {
			bases[s.Run.UIDBase] = true
		}
	}
	if len(bases) != 5 {
		t.Errorf("%d ranges of ids for 5 zones", len(bases))
	}
	if err := w.HaltAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		w.clean(fmt.Sprint("z", i))
	}
}

func TestShutdown_busyboxInitEndsByItself(t *testing.T) {
	w := newWorld(t)
	w.add("b", "", attr("init-name", "/bin/init"))
	if err := os.Symlink("busybox", filepath.Join(w.rootDir("b"), "bin/init")); err != nil {
		t.Fatal(err)
	}
	w.write("b", "etc/inittab", "::sysinit:/bin/busybox touch /up\n::respawn:/bin/busybox sleep 1000\n", 0o644)
	w.boot("b")
	w.eventually("the boot", func() bool { _, err := os.Stat(filepath.Join(w.rootDir("b"), "up")); return err == nil })
	if err := w.Shutdown(t.Context(), "b", 30*time.Second, false); err != nil {
		t.Fatal(err)
	}
	if end := w.state("b").LastEnd; end == nil || syscall.WaitStatus(end.Status).Signal() != syscall.SIGINT {
		t.Errorf("init did not halt by itself: %+v", end)
	}
	w.clean("b")
}

func TestShutdown_deafInitIsHaltedAtOnce(t *testing.T) {
	w := newWorld(t)
	w.add("d", "", attr("init-name", "/bin/busybox"), func(c *zone.Config) { c.Bootargs = "sleep 1000" })
	w.boot("d")
	began := time.Now()
	if err := w.Shutdown(t.Context(), "d", time.Minute, false); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
