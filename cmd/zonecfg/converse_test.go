package zonecfg_test

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/cmd/zonecfg"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// terminal is zonecfg -z web at a terminal.
type terminal struct {
	t      *testing.T
	master *os.File
	seen   chan string
	text   strings.Builder
	code   chan int
	zones  *zone.Host
}

func start(t *testing.T) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	env := &cli.Env{Root: testenv.Root(t), Log: log, Stdin: slave, Stdout: slave, Stderr: slave}
	term := &terminal{t: t, master: master, seen: make(chan string, 100), code: make(chan int, 1), zones: zone.New(env.Root, log)}
	go func() {
		term.code <- command.Run(env, zonecfg.New(env), []string{"-z", "web"})
		slave.Close()
	}()
	go func() {
		defer close(term.seen)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			if err != nil {
				return
			}
			term.seen <- string(buf[:n])
		}
	}()
	t.Cleanup(func() { master.Close() })
	return term
}

// expect waits until the screen has shown a text since the last expect.
func (x *terminal) expect(want string) {
	x.t.Helper()
	timeout := time.After(20 * time.Second)
	for !strings.Contains(x.text.String(), want) {
		select {
		case more, ok := <-x.seen:
			if !ok {
				x.t.Fatalf("the end instead of %q; the screen is\n%s", want, x.text.String())
			}
			x.text.WriteString(more)
		case <-timeout:
			x.t.Fatalf("no %q; the screen is\n%s", want, x.text.String())
		}
	}
	_, rest, _ := strings.Cut(x.text.String(), want)
	x.text.Reset()
	x.text.WriteString(rest)
}

func (x *terminal) send(text string) {
	x.t.Helper()
	if _, err := x.master.WriteString(text); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminal) end(want int) {
	x.t.Helper()
	select {
	case code := <-x.code:
		if code != want {
			x.t.Errorf("exit %d, want %d", code, want)
		}
	case <-time.After(20 * time.Second):
		x.t.Fatal("it does not end")
	}
}

func TestConverse(t *testing.T) {
	x := start(t)
	x.expect("web: No such zone configured\r\nUse 'create' to begin configuring a new zone.\r\n")
	x.expect("zonecfg:web> ")
	x.send("create\r")
	x.expect("zonecfg:web> ")
	x.send("set zonep\t/zones/web\r") // the tab key completes
	x.expect("zonepath=/zones/web")
	x.expect("zonecfg:web> ")
	x.send("add net\r")
	x.expect("zonecfg:web:net> ")
	x.send("garbage that is never run\x03") // ^C drops the line
	x.expect("zonecfg:web:net> ")
	x.send("set physical=net0\r")
	x.expect("zonecfg:web:net> ")
	x.send("\x04") // ^D within a resource
	x.expect("Resource incomplete; really quit (y/[n])? ")
	x.send("n\r")
	x.expect("zonecfg:web:net> ")
	x.send("end\r")
	x.expect("zonecfg:web> ")
	x.send("info zonepath\r")
	x.expect("zonepath: /zones/web\r\n")
	x.expect("zonecfg:web> ")
	x.send("\x1b[A\x1b[A\r") // the line before the last
	x.expect("The end command only makes sense in the resource scope.\r\n")
	x.expect("zonecfg:web> ")
	x.send("\x04")
	x.end(1) // it saved, but there was an error
	c, err := x.zones.Load("web")
	if err != nil || len(c.Net) != 1 || c.Path != "/zones/web" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestConverse_exitSaves(t *testing.T) {
	x := start(t)
	x.expect("zonecfg:web> ")
	x.send("create; set zonepath=/zones/web\r")
	x.expect("zonecfg:web> ")
	x.send("exit\r")
	x.end(0)
	if _, err := x.zones.Load("web"); err != nil {
		t.Error(err)
	}
}

func TestConverse_notSaved(t *testing.T) {
	x := start(t)
	x.expect("zonecfg:web> ")
	x.send("create\r")
	x.expect("zonecfg:web> ")
	x.send("exit\r")
	x.expect("zonepath cannot be empty.\r\n")
	x.expect("Configuration not saved; really quit (y/[n])? ")
	x.send("y\r")
	x.expect("Configuration not saved.\r\n")
	x.end(1)
}

func TestRun_withoutATerminal(t *testing.T) {
	var out bytes.Buffer
	root := testenv.Root(t)
	env := &cli.Env{
		Root: root, Log: slog.New(slog.DiscardHandler), Stdout: &out, Stderr: &out,
		Stdin: strings.NewReader("create\nset zonepath=/zones/web\n" + "# " + strings.Repeat("x", 2<<20)),
	}
	if code := command.Run(env, zonecfg.New(env), []string{"-z", "web"}); code != 1 || !strings.Contains(out.String(), "token too long") {
		t.Errorf("exit %d: %s", code, out.String())
	}
	if _, err := zone.New(root, env.Log).Load("web"); err == nil {
		t.Error("an over-long line was cut and the rest saved")
	}
}
