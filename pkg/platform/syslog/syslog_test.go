package syslog

import (
	"fmt"
	"log/syslog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// at is a log whose clock stands.
func at() *Log {
	l := New()
	l.now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	l.host = func() string { return "box" }
	return l
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestText(t *testing.T) {
	for message, want := range map[string]string{
		"<13>Jan  2 03:04:05 sshd[7]: hello\n": "sshd[7]: hello",
		"<191>cron: x\x00":                     "cron: x",
		"plain":                                "plain",
		"<x>no priority":                       "<x>no priority",
		"<1234>too long":                       "<1234>too long",
		"<13>a\nb\x1b[2Jc\x7f":                 "a b [2Jc ",
		"<13>Jan  2 03:04:05":                  "Jan  2 03:04:05",
		"":                                     "",
	} {
		if got := Text(message); got != want {
			t.Errorf("%q: %q", message, got)
		}
	}
}

func TestKernelText(t *testing.T) {
	for record, want := range map[string]string{
		"6,339,5140900,-;NET: Registered\n SUBSYSTEM=net\n": "kernel: NET: Registered",
		"30,340,5140901,-;systemd[1]: hello\n":              "systemd[1]: hello",
		"no record":                                         "",
	} {
		if got := kernelText(record); got != want {
			t.Errorf("%q: %q", record, got)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("<13>Jan  2 03:04:05 a: b")
	f.Add("6,1,2,-;x\n Y=z")
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Text(s), kernelText(s)} {
			if strings.ContainsAny(got, "\n\x1b\x00") {
				t.Errorf("%q", got)
			}
		}
	})
}

// What is said before there is a file is in it afterwards, in order; and after
// its file system went, in the next one.
func TestKeep(t *testing.T) {
	l := at()
	dir := t.TempDir()
	l.Add("a: 1")
	l.Add("")
	if err := l.Keep(filepath.Join(dir, "one")); err != nil {
		t.Fatal(err)
	}
	l.Add("a: 2")
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	l.Add("a: 3")
	if err := l.Keep(filepath.Join(dir, "two")); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	const stamp = "Jan  2 03:04:05 box a: "
	if one, two := read(t, filepath.Join(dir, "one")), read(t, filepath.Join(dir, "two")); one != stamp+"1\n"+stamp+"2\n" || two != stamp+"3\n" {
		t.Errorf("%q, %q", one, two)
	}
	if err := l.Keep(filepath.Join(dir, "no", "such")); err == nil {
		t.Error("a file that cannot be is no error")
	}
}

func TestHold_bounded(t *testing.T) {
	l := at()
	for i := range maxHeld + 5 {
		l.Add(fmt.Sprint("n: ", i))
	}
	name := filepath.Join(t.TempDir(), "m")
	if err := l.Keep(name); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(read(t, name), "\n")
	if !strings.HasSuffix(lines[0], "syslog: 5 messages before were lost") || !strings.HasSuffix(lines[1], "n: 5") || len(lines) != maxHeld+2 {
		t.Errorf("%q %q, %d lines", lines[0], lines[1], len(lines))
	}
}

// A file does not grow beyond its bound, and no more than a few are kept.
func TestTurn(t *testing.T) {
	l := at()
	dir := t.TempDir()
	if err := l.Keep(filepath.Join(dir, "m")); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 4000)
	for i := range 6 * maxFile / len(text) {
		l.Add(fmt.Sprintf("%d: %s", i, text))
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != keepFiles+1 {
		t.Fatalf("%v, %v", files, err)
	}
	next := -1
	for _, name := range []string{"m.3", "m.2", "m.1", "m.0", "m"} {
		content := read(t, filepath.Join(dir, name))
		if len(content) > maxFile {
			t.Errorf("%s has %d bytes", name, len(content))
		}
		for line := range strings.Lines(content) {
			var n int
			if _, err := fmt.Sscanf(strings.Fields(line)[4], "%d:", &n); err != nil || next >= 0 && n != next {
				t.Fatalf("%s: %d after %d, %v", name, n, next, err)
			}
			next = n + 1
		}
	}
}

// The C library's way to log, from many at once: nothing is lost or mixed.
func TestListen(t *testing.T) {
	l := at()
	path := filepath.Join(t.TempDir(), "log")
	for range 2 { // a socket that was left is no obstacle
		if err := l.Listen(path); err != nil {
			t.Fatal(err)
		}
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o666 {
		t.Errorf("%v, %v", fi, err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			w, err := net.Dial("unixgram", path)
			if err != nil {
				t.Error(err)
				return
			}
			defer w.Close()
			for j := range 50 {
				fmt.Fprintf(w, "<%d>Jan  2 03:04:05 p%d: %d", syslog.LOG_INFO, i, j)
			}
		})
	}
	wg.Wait()
	held := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.held)
	}
	for held() < 400 {
		time.Sleep(time.Millisecond)
	}
	name := filepath.Join(t.TempDir(), "m")
	if err := l.Keep(name); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	text := read(t, name)
	for i := range 8 {
		if !strings.Contains(text, fmt.Sprintf("box p%d: 49\n", i)) || strings.Count(text, fmt.Sprintf(" p%d: ", i)) != 50 {
			t.Errorf("of p%d: %d", i, strings.Count(text, fmt.Sprintf(" p%d: ", i)))
		}
	}
	if _, err := net.Dial("unixgram", path); err == nil {
		t.Error("it still listens")
	}
}
