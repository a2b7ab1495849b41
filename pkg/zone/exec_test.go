package zone

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.RunZoneInit()
	os.Exit(m.Run())
}

// enterable is a host with a running zone "z" that can be entered.
func enterable(t *testing.T) *Host {
	t.Helper()
	z := testenv.NewZone(t)
	h := testHost(t)
	installed(t, h, "z")
	runs(t, h, "z", RunState{
		BootID: thisBoot(t), ID: 1, State: Running, UIDBase: testenv.ZoneIDBase,
		Init: Process{Pid: z.Pid, Start: z.Start},
	}, true)
	return h
}

// sh runs a script by the login shell of a user.
func sh(t *testing.T, h *Host, o ExecOptions, script string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	o.Login, o.Argv, o.Stdout, o.Stderr = true, []string{script}, &out, &out
	code, err := h.Exec(t.Context(), "z", o)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), code
}

func TestExec_loginShellOfTheUser(t *testing.T) {
	h := enterable(t)
	for _, c := range []struct{ user, want string }{
		{"", "uid=0(root) gid=0(root) groups=0(root)\n/root /root root root /bin/sh -sh\n"},
		{"u", "uid=1000 gid=1000(u) groups=1000(u),60(game)\n/home/u /home/u u u /bin/bash -bash\n"},
		{"1000", "uid=1000 gid=1000(u) groups=1000(u),60(game)\n/home/u /home/u u u /bin/bash -bash\n"},
	} {
		out, code := sh(t, h, ExecOptions{User: c.user}, `id | sed 's/uid=1000([^)]*)/uid=1000/'; echo $PWD $HOME $USER $LOGNAME $SHELL $0`)
		if code != 0 || out != c.want {
			t.Errorf("user %q: code %d, got:\n%swant:\n%s", c.user, code, out, c.want)
		}
	}
	if _, err := h.Exec(t.Context(), "z", ExecOptions{User: "nobody-here", Argv: []string{"true"}}); err == nil {
		t.Error("an unknown user passed")
	}
}

func TestExec_exitCodes(t *testing.T) {
	h := enterable(t)
	for script, want := range map[string]int{"exit 0": 0, "exit 3": 3, "kill -TERM $$": 128 + 15, "exit 255": 255, "nosuchcommand 2>/dev/null": 127} {
		if _, code := sh(t, h, ExecOptions{}, script); code != want {
			t.Errorf("%s: code %d, want %d", script, code, want)
		}
	}
	_, err := h.Exec(t.Context(), "z", ExecOptions{Argv: []string{"nosuchcommand"}})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing command: %v", err)
	}
}

func TestExec_streamsApartAndBinaryClean(t *testing.T) {
	h := enterable(t)
	data := make([]byte, 3<<20)
	rand.Read(data)
	var out, errs bytes.Buffer
	code, err := h.Exec(t.Context(), "z", ExecOptions{
		Argv: []string{"sh", "-c", "cat; echo bad >&2"}, Stdin: bytes.NewReader(data), Stdout: &out, Stderr: &errs,
	})
	if code != 0 || err != nil || !bytes.Equal(out.Bytes(), data) || errs.String() != "bad\n" {
		t.Errorf("code %d, %v, %d bytes out, stderr %q", code, err, out.Len(), errs.String())
	}
}

func TestExec_pipesBelongToTheUser(t *testing.T) {
	h := enterable(t)
	out, code := sh(t, h, ExecOptions{User: "u"}, "echo to stdout > /proc/self/fd/1; echo to stderr > /proc/self/fd/2; stat -L -c %u /proc/self/fd/0")
	if code != 0 || out != "to stdout\nto stderr\n1000\n" {
		t.Errorf("code %d: %q", code, out)
	}
}

func TestExec_writerThatFailsBreaksThePipe(t *testing.T) {
	h := enterable(t)
	code, err := h.Exec(t.Context(), "z", ExecOptions{Argv: []string{"yes"}, Stdout: failing{}})
	if code != 128+int(unix.SIGPIPE) || !errors.Is(err, errFull) && err != nil {
		t.Errorf("code %d, %v", code, err)
	}
}

var errFull = errors.New("full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestExec_contextHangsUp(t *testing.T) {
	h := enterable(t)
	for _, tty := range []bool{false, true} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		began := time.Now()
		code, err := h.Exec(ctx, "z", ExecOptions{Argv: []string{"sleep", "100"}, TTY: tty})
		cancel()
		if code != 128+int(unix.SIGHUP) || err != nil || time.Since(began) > 7*time.Second {
			t.Errorf("tty %v: code %d, %v after %v", tty, code, err, time.Since(began))
		}
	}
}

func TestExec_passesSignalsOn(t *testing.T) {
	h := enterable(t)
	signals := make(chan os.Signal, 1)
	r, w, _ := os.Pipe()
	defer r.Close()
	go func() {
		r.Read(make([]byte, 1)) // the command is there
		signals <- unix.SIGINT
	}()
	code, err := h.Exec(t.Context(), "z", ExecOptions{
		Argv: []string{"sh", "-c", "trap 'exit 9' INT; echo; while :; do sleep 0.05; done"}, Stdout: w, Signals: signals,
	})
	if code != 9 || err != nil {
		t.Errorf("code %d, %v", code, err)
	}
}

func TestExec_terminal(t *testing.T) {
	h := enterable(t)
	var mu sync.Mutex
	rows := uint16(33)
	resize := make(chan os.Signal)
	in, typed := io.Pipe()
	var out lockedBuffer
	opened := ""
	go func() {
		out.await("ready")
		mu.Lock()
		rows = 44
		mu.Unlock()
		resize <- unix.SIGWINCH
		out.await("44 99")
		io.WriteString(typed, "last words")
		typed.Close()
	}()
	code, err := h.Exec(t.Context(), "z", ExecOptions{
		Argv: []string{"bash", "-c", "stty -echo; trap 'stty size' WINCH; stty size; tty; echo ready; until [ -n \"$x\" ]; do read -t 0.1 x; done; echo got $x; exit 5"},
		TTY:  true, Resize: resize, Opened: func(tty string) { opened = tty }, Stdin: in, Stdout: &out,
		Size: func() (uint16, uint16) { mu.Lock(); defer mu.Unlock(); return rows, 99 },
	})
	if code != 5 || err != nil {
		t.Errorf("code %d, %v", code, err)
	}
	if opened != "pts/0" {
		t.Errorf("opened %q", opened)
	}
	for _, want := range []string{"33 99\r\n/dev/pts/0\r\n", "44 99\r\n", "got last words\r\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

// lockedBuffer is a buffer to be watched while it fills.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedBuffer) await(text string) {
	for range 1000 {
		if strings.Contains(l.String(), text) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestExec_needsARunningZone(t *testing.T) {
	h := testHost(t)
	installed(t, h, "down")
	_, err := h.Exec(t.Context(), "down", ExecOptions{Argv: []string{"true"}})
	if state, ok := errors.AsType[*StateError](err); !ok || state.State != Installed {
		t.Errorf("installed zone: %v", err)
	}
	if _, err := h.Exec(t.Context(), "none", ExecOptions{Argv: []string{"true"}}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no zone: %v", err)
	}
}

func TestExec_leavesNoDescriptors(t *testing.T) {
	h := enterable(t)
	before := descriptors(t)
	for i := range 20 {
		if _, code := sh(t, h, ExecOptions{TTY: i%2 == 0, Stdin: strings.NewReader("x")}, "true"); code != 0 {
			t.Fatalf("code %d", code)
		}
	}
	h.Exec(t.Context(), "z", ExecOptions{Argv: []string{"/none"}})
	if after := descriptors(t); after > before+2 { // the poller may have come
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
