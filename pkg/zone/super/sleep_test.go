package super_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/console"
)

// asleep says that the zone's zoneadmd is a keeper.
func (w *world) asleep(name string) bool {
	s := w.state(name)
	if s.Run == nil {
		return false
	}
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", s.Run.Supervisor.Pid))
	return err == nil && strings.HasPrefix(exe, "/memfd:zoneadmd")
}

func (w *world) fallsAsleep(name string) {
	w.t.Helper()
	w.eventually("zoneadmd to sleep", func() bool { return w.asleep(name) })
}

func TestSleep_aQuietZoneNeverWakesIt(t *testing.T) {
	w := newWorld(t)
	w.add("q", "exec busybox sleep 1000")
	s := w.boot("q")
	w.fallsAsleep("q")
	time.Sleep(300 * time.Millisecond)
	if !w.asleep("q") || w.state("q").State != zone.Running {
		t.Error("it does not sleep any more")
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Run.Supervisor.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Name:\tzoneadmd\n", "Threads:\t1\n"} {
		if !strings.Contains(string(status), want) {
			t.Errorf("no %q in its status", want)
		}
	}
	for line := range strings.Lines(string(status)) {
		var kB int
		if n, _ := fmt.Sscanf(line, "RssAnon: %d kB", &kB); n == 1 && kB > 32 {
			t.Errorf("it takes %d kB", kB)
		}
	}
}

func TestSleep_theConsoleIsLoggedAllTheSame(t *testing.T) {
	w := newWorld(t)
	w.add("c", `while read -r line; do echo "got $line"; done </dev/console`)
	s := w.boot("c")
	w.fallsAsleep("c")
	conn := w.console("c", console.Write)
	fmt.Fprintln(conn, "hello")
	w.eventually("the log", func() bool {
		log, err := os.ReadFile(w.ConsoleLog("c"))
		return err == nil && strings.Contains(string(log), "Z got hello\n")
	})
	if w.asleep("c") {
		t.Error("it sleeps while somebody is connected")
	}
	conn.Close()
	w.fallsAsleep("c")
	if after := w.state("c"); after.Run.Supervisor != s.Run.Supervisor || after.Run.Init != s.Run.Init {
		t.Errorf("another process: %+v, %+v", after.Run, s.Run)
	}
	// Who comes later can have all that was printed.
	again := bufio.NewScanner(w.console("c", console.Read+" "+console.Replay))
	for again.Scan() {
		if strings.TrimRight(again.Text(), "\r") == "got hello" {
			return
		}
	}
	t.Errorf("the replay ends: %v", again.Err())
}

// console connects to a zone's console.
func (w *world) console(name, hello string) io.ReadWriteCloser {
	w.t.Helper()
	conn, err := host.DialUnix(w.RunDir(name), console.Socket)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintln(conn, hello)
	return conn
}

func TestSleep_whatAZonePrintsIsKeptWhileNobodyLooks(t *testing.T) {
	w := newWorld(t)
	w.add("p", `busybox yes "a line of some length to fill a terminal" | busybox head -n 2000 >/dev/console; : >/done
exec busybox sleep 1000`)
	w.boot("p")
	w.eventually("all to be printed", func() bool { _, err := os.Stat(filepath.Join(w.rootDir("p"), "done")); return err == nil })
	w.eventually("all to be logged", func() bool {
		log, err := os.ReadFile(w.ConsoleLog("p"))
		return err == nil && strings.Count(string(log), "of some length to fill a terminal\n") == 2000
	})
	w.fallsAsleep("p")
}

func TestSleep_ordersAndQuestionsWakeIt(t *testing.T) {
	w := newWorld(t)
	w.add("m", `PATH=/usr/bin:/bin
while [ ! -e /ask ]; do sleep 0.05; done; /native/usr/sbin/mdata-get x >/answer; exec sleep 1000`,
		func(c *zone.Config) { c.Brand = "joyent-minimal" }, attr("init-name", "/init"),
		func(c *zone.Config) { os.MkdirAll(filepath.Join(w.rootDir("m"), "var"), 0o755) })
	w.boot("m")
	w.fallsAsleep("m")
	if err := w.Refresh(t.Context(), "m"); err != nil {
		t.Fatal(err)
	}
	w.fallsAsleep("m")
	w.write("m", "ask", "", 0o644)
	w.eventually("an answer", func() bool {
		data, err := os.ReadFile(filepath.Join(w.rootDir("m"), "answer"))
		return err == nil && string(data) == "hello"
	})
	w.fallsAsleep("m")
	if err := w.Kill(t.Context(), "m", syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.eventually("the zone's end", func() bool { return w.state("m").State == zone.Installed })
	if end := w.state("m").LastEnd; end == nil || end.Status != int(syscall.SIGKILL) {
		t.Errorf("the last end: %+v", end)
	}
	w.clean("m")
}

func TestSleep_theEndOfInitIsSeen(t *testing.T) {
	w := newWorld(t)
	w.add("e", `while busybox [ ! -e /end ]; do busybox sleep 0.05; done; exit 7`)
	w.boot("e")
	w.fallsAsleep("e")
	w.write("e", "end", "", 0o644)
	w.eventually("the zone's end", func() bool { return w.state("e").State == zone.Installed })
	if end := w.state("e").LastEnd; end == nil || end.Status != 7<<8 {
		t.Errorf("the last end: %+v", end)
	}
	w.clean("e")
}

func TestHalt_ofOneThatSleepsLeavesWordOfIt(t *testing.T) {
	w := newWorld(t)
	w.add("h", "exec busybox sleep 1000")
	w.boot("h")
	w.fallsAsleep("h")
	before := time.Now()
	if err := w.Halt(t.Context(), "h"); err != nil {
		t.Fatal(err)
	}
	w.clean("h")
	if end := w.state("h").LastEnd; end == nil || end.Status != int(syscall.SIGKILL) || end.Time.Before(before) {
		t.Errorf("the last end: %+v", end)
	}
	for file, want := range map[string]string{w.ConsoleLog("h"): "Zone halted", w.LogFile("h"): "next=halt"} {
		if log, err := os.ReadFile(file); err != nil || !strings.Contains(string(log), want) {
			t.Errorf("%s: no %q in %q, %v", file, want, log, err)
		}
	}
}

func TestKill_ofAKeeperEndsItsZone(t *testing.T) {
	w := newWorld(t)
	w.add("k", "exec busybox sleep 1000")
	s := w.boot("k")
	w.fallsAsleep("k")
	init, err := host.OpenProcess(s.Run.Init.Pid, s.Run.Init.Start)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(init)
	if err := unix.Kill(s.Run.Supervisor.Pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if !host.WaitGone(init, 5000) {
		t.Fatal("init outlives it")
	}
	w.recovers("k")
}

// A zone that a zoneadmd boots again belongs to another one; whoever looks at the
// console does not notice.
func TestReboot_leavesOneZoneadmd(t *testing.T) {
	w := newWorld(t)
	w.add("r", "echo up >/dev/console; exec busybox sleep 1000")
	before := w.boot("r")
	conn := bufio.NewScanner(w.console("r", console.Read+" "+console.Replay))
	expect := func(want string) {
		t.Helper()
		for conn.Scan() {
			if strings.TrimRight(conn.Text(), "\r") == want {
				return
			}
		}
		t.Fatalf("no %q: %v", want, conn.Err())
	}
	expect("up")
	for range 3 {
		if err := w.Reboot(t.Context(), "r", zone.BootOptions{}); err != nil {
			t.Fatal(err)
		}
		expect("[NOTICE: Zone booting up]")
		expect("up")
	}
	after := w.state("r")
	if after.Run.UIDBase != before.Run.UIDBase {
		t.Error("it has other ids")
	}
	w.eventually("the first zoneadmd's end", func() bool {
		_, err := host.OpenProcess(before.Run.Supervisor.Pid, before.Run.Supervisor.Start)
		return err != nil
	})
}

func TestReady_keepsNoLockOfItsCommand(t *testing.T) {
	w := newWorld(t)
	w.add("r", "exit 4")
	if err := w.Ready(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	w.fallsAsleep("r")
	if err := w.Refresh(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	w.fallsAsleep("r")
	os.Remove(filepath.Join(w.rootDir("r"), "init"))
	err := w.Boot(t.Context(), "r", zone.BootOptions{})
	if err == nil || !strings.Contains(err.Error(), "no such file or directory") {
		t.Errorf("boot without an init: %v", err)
	}
	w.eventually("the zone's end", func() bool { return w.state("r").State == zone.Installed })
}

func TestWake_goesOnInANewLogWhenTheOldIsLarge(t *testing.T) {
	w := newWorld(t)
	w.add("l", `while busybox [ ! -e /end ]; do busybox sleep 0.05; done`)
	w.boot("l")
	w.fallsAsleep("l")
	if err := os.Truncate(w.LogFile("l"), 2<<20); err != nil {
		t.Fatal(err)
	}
	w.write("l", "end", "", 0o644)
	w.eventually("the zone's end", func() bool { return w.state("l").State == zone.Installed })
	if st, err := os.Stat(w.LogFile("l") + ".0"); err != nil || st.Size() != 2<<20 {
		t.Errorf("the old log: %v", err)
	}
	if log, err := os.ReadFile(w.LogFile("l")); err != nil || !strings.Contains(string(log), "init ended") {
		t.Errorf("the new log: %q, %v", log, err)
	}
}
