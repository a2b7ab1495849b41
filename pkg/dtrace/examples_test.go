package dtrace

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
	"github.com/smartbox-os/smartbox/pkg/dtrace/target"
)

// example runs one of the programs that are shipped as examples for a while.
func example(t *testing.T, name string, targets []*target.Process, args ...string) (out, errs string) {
	t.Helper()
	path := filepath.Join("..", "..", "examples", "dtrace", name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := probe.Load()
	if err != nil {
		t.Fatal(err)
	}
	set, pid := NewSettings(), 0
	set.Quiet = true
	if len(targets) > 0 {
		pid = targets[0].Pid
	} else {
		text = append(text, "\ntick-1500ms { exit(0) }\n"...)
	}
	u, err := Compile(db, []Source{{Name: path, Text: string(text), Script: true, Args: append([]string{path}, args...)}}, CompileOptions{Settings: set, Target: pid})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var o, e bytes.Buffer
	s, err := Open(u.Program, u.DB, Options{Settings: set, Out: &o, Err: &e, Targets: targets})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := s.Run(ctx); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return o.String(), e.String()
}

// TestExamples runs each with something that it must show.
func TestExamples(t *testing.T) {
	testenv.RequireRoot(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "a file")
	port, connect := talk(t, "tcp4", "127.0.0.1:0")
	closed, err := net.Listen("tcp4", "127.0.0.1:0") // a port that nobody listens on
	if err != nil {
		t.Fatal(err)
	}
	refused := closed.Addr().String()
	closed.Close()
	open := func() {
		if f, err := os.Create(file); err == nil {
			f.Write(make([]byte, 64<<10))
			f.Sync()
			f.Close()
		}
		os.Open(file + ".none")
	}
	for _, c := range []struct {
		name  string
		args  []string
		do    func()
		wants []string
	}{
		{"execsnoop.d", nil, func() { exec.Command("echo", "one two", "three").Run() }, []string{fmt.Sprintf(`(?m)^20\d\d .* 0 +\d+ +%d +global +echo one two three$`, os.Getpid())}},
		{"opensnoop.d", nil, open, []string{
			fmt.Sprintf(`(?m)^ *%d \S+ +[0-9]+ +0 %s$`, os.Getpid(), regexp.QuoteMeta(file)),
			fmt.Sprintf(`(?m)^ *%d \S+ +-[0-9]+ +2 %s.none$`, os.Getpid(), regexp.QuoteMeta(file)),
		}},
		{"opensnoop.d", []string{"cat"}, func() { exec.Command("cat", file).Run() }, []string{`(?m)^ +\d+ cat +\d+ +0 ` + regexp.QuoteMeta(file) + "$"}},
		{"filebyproc.d", nil, open, []string{`(?m)^\S+ +` + regexp.QuoteMeta(file) + ` +\d+$`}},
		{"procsystime.d", []string{"cat"}, func() { exec.Command("cat", file).Run() }, []string{`(?m)^CALL +COUNT +MICROSECONDS$`, `(?m)^openat +\d+ +\d+$`, `(?m)^read +\d+ +\d+$`}},
		{"zonecalls.d", nil, open, []string{`(?m)^global +\d{2,}$`, `(?m)^global +[a-z_0-9]+ +\d+$`}},
		{"offcpu.d", []string{"sleep"}, func() { exec.Command("sleep", "0.05").Run() }, []string{`(?m)^  sleep `, `(?m)^ +32768 \|@+ `}},
		{"tcpconnect.d", nil, func() {
			connect(t)()
			net.Dial("tcp4", refused)
		}, []string{
			fmt.Sprintf(`(?m) out +127\.0\.0\.1 +\d+ 127\.0\.0\.1 +%d$`, port), fmt.Sprintf(`(?m) in +127\.0\.0\.1 +%d 127\.0\.0\.1 +\d+$`, port),
			`(?m) refused +127\.0\.0\.1 +\d+ 127\.0\.0\.1 +` + refused[len("127.0.0.1:"):] + "$",
		}},
		{"sigsnoop.d", nil, func() { unix.Kill(os.Getpid(), unix.SIGWINCH) }, []string{fmt.Sprintf(`(?m)^ +%d \S+ +%d \S+ +28$`, os.Getpid(), os.Getpid())}},
		{"iosnoop.d", nil, open, []string{`(?m)^ *USEC D DEVICE`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			again(t, c.do)
			out, errs := example(t, c.name, nil, c.args...)
			for _, want := range c.wants {
				if !regexp.MustCompile(want).MatchString(out) {
					t.Errorf("no %q in %.4000s", want, out)
				}
			}
			if errs != "" {
				t.Logf("told %.300q", errs)
			}
		})
	}
}

// TestHotStacks finds the function in which a program is all the time.
func TestHotStacks(t *testing.T) {
	testenv.RequireRoot(t)
	testenv.RequireCommand(t, "gcc")
	dir := t.TempDir()
	text := "volatile long n; void busy(void) { for (long i = 0; i < 300000000; i++) n++; }\nint main(void) { busy(); return 0; }\n"
	if err := os.WriteFile(filepath.Join(dir, "hot.c"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "hot")
	if msg, err := exec.Command("gcc", "-O0", "-fno-omit-frame-pointer", "-o", bin, bin+".c").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	p, err := target.Start([]string{bin}, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	out, errs := example(t, "hotstacks.d", []*target.Process{p})
	if !regexp.MustCompile("(?m)^ +hot`busy\\+0x[0-9a-f]+\n +hot`main\\+0x").MatchString(out) || errs != "" {
		t.Errorf("got %q and %q", out, errs)
	}
}

// TestExamplesDocumented checks that the list of examples is whole.
func TestExamplesDocumented(t *testing.T) {
	dir := filepath.Join("..", "..", "examples", "dtrace")
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := filepath.Glob(filepath.Join(dir, "*.d"))
	if err != nil || len(list) == 0 {
		t.Fatal("no examples")
	}
	for _, path := range list {
		if !bytes.Contains(readme, []byte("`"+filepath.Base(path)+"`")) {
			t.Errorf("%s is not in README.md", path)
		}
	}
}
