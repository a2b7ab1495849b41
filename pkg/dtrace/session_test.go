package dtrace

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/dtrace/consume"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
)

func compile(t *testing.T, text string) (*Unit, error) {
	t.Helper()
	db, err := probe.Load()
	if err != nil {
		t.Fatal(err)
	}
	return Compile(db, []Source{{Name: "test", Text: text, Args: []string{"test"}}}, CompileOptions{Settings: NewSettings()})
}

// run runs a program to its end and returns what it printed, but for the empty
// line at the end when no aggregation follows it.
func run(t *testing.T, text string, c consume.Options) (out, errs string) {
	t.Helper()
	u, err := compile(t, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var o, e bytes.Buffer
	set := NewSettings()
	set.Quiet, set.Order, set.Sizes = c.Quiet, c.Order, Sizes{Buffer: 64 << 10, Agg: 64 << 10, Dyn: 64 << 10, Spec: 64 << 10}
	s, err := Open(u.Program, u.DB, Options{Settings: set, Out: &o, Err: &e})
	if err != nil {
		if v, ok := errors.AsType[*VerifierError](err); ok {
			t.Fatalf("%s: %v\n%s", text, err, v.Log)
		}
		t.Fatalf("%s: %v", text, err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := s.Run(ctx); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	out = o.String()
	if len(u.Program.Aggs) == 0 {
		out = strings.TrimSuffix(out, "\n")
	}
	return out, e.String()
}

// TestRun runs small programs in the kernel: what they compute.
func TestRun(t *testing.T) {
	testenv.RequireRoot(t)
	for _, c := range []struct{ body, want string }{
		{`printf("%d", -7 / 2)`, "-3"},
		{`x = -7; y = 2; printf("%d %d", x / y, x % y)`, "-3 -1"},
		{`x = 5; printf("%d %d %d", x++, ++x, x--)`, "5 7 7"},
		{`x = 3; printf("%d", x > 2 && x < 4 ? 10 : 20)`, "10"},
		{`x = 0; printf("%d %d", x || 1, x ^^ 1)`, "1 1"},
		{`x = (char)200; printf("%d", x)`, "-56"},
		{`x = 1; printf("%d %d", x << 3, -16 >> 2)`, "8 -4"},
		{`printf("%s %s", probename, probeprov)`, "BEGIN dtrace"},
		{`s = "abc"; printf("%d %d %d", s == "abc", s < "abd", s > "b")`, "1 1 0"},
		{`printf("%d", strlen("hello"))`, "5"},
		{`a["x", 1] = 2; a["x", 1] += 3; printf("%d %d", a["x", 1], a["y", 1])`, "5 0"},
		{`self->t = 9; this->l = "z"; printf("%d %s", self->t, this->l)`, "9 z"},
		{`if (pid > 0) { printf("yes") } else { printf("no") }`, "yes"},
		{`printf("%x %x", htons(0x1234), ntohl(0x12345678))`, "3412 78563412"},
		{`printf("%s", 1 ? "a" : "b")`, "a"},
		{`printf("%s|%s", strjoin("abc", "def"), strjoin("", "x"))`, "abcdef|x"},
		{`printf("%s|%s|%s|%s", substr("foobar", 3), substr("foobar", 1, 2), substr("foobar", -3, 2), substr("foobar", 2, -1))`, "bar|oo|ba|oba"},
		{`printf("%s|%s|%s", strchr("a/b/c", '/'), strrchr("a/b/c", '/'), strchr("abc", 'x') == NULL ? "none" : "some")`, "/b/c|/c|none"},
		{`printf("%s|%s", toupper("aZ9{"), tolower("aZ9["))`, "AZ9{|az9["},
		{`printf("%s|%s|%s|%s", basename("/a/b/"), basename("/"), basename("x"), basename(""))`, "b|/|x|."},
		{`printf("%s|%s|%s|%s", dirname("/a/b/"), dirname("/a"), dirname("x"), dirname("a//b"))`, "/a|/|.|a"},
		{`x = -120; printf("%s|%s|%s", lltostr(x), lltostr(255, 16), lltostr(0))`, "-120|ff|0"},
		{`printf("%d|%d|%d|%d", strtoll("  -12x"), strtoll("ff", 16), strtoll("x"), strtoll("+7"))`, "-12|255|0|7"},
		{`t = timestamp; printf("%d", timestamp == t)`, "1"},
	} {
		if got, errs := run(t, "BEGIN { "+c.body+"; exit(0) }", consume.Options{Quiet: true}); got != c.want || errs != "" {
			t.Errorf("%s: got %q and %q, want %q", c.body, got, errs, c.want)
		}
	}
}

// TestAggregations checks values, signs, order and printa.
func TestAggregations(t *testing.T) {
	testenv.RequireRoot(t)
	for _, c := range []struct {
		body  string
		order consume.Order
		want  string
	}{
		{`@ = min(3); @ = min(-4); @b = max(3); @b = max(-4); @c = avg(3); @c = avg(4)`, consume.Order{}, "-4 3 3"},
		{`@ = min(3ULL); @ = min(-1ULL); @b = max(3ULL); @b = max(-1ULL)`, consume.Order{}, "3 -1"},
		{`@ = stddev(2); @ = stddev(6)`, consume.Order{}, "2"},
		{`@["a"] = sum(2); @["b"] = sum(1)`, consume.Order{}, "b 1 a 2"},
		{`@["a"] = sum(2); @["b"] = sum(1)`, consume.Order{ByKey: true}, "a 2 b 1"},
		{`@["a"] = sum(2); @["b"] = sum(1)`, consume.Order{Reverse: true}, "a 2 b 1"},
		{`@["a"] = sum(7); normalize(@, 2)`, consume.Order{}, "a 3"},
		{`@["a"] = sum(7); normalize(@, 2); denormalize(@)`, consume.Order{}, "a 7"},
		{`@["a"] = sum(7); clear(@)`, consume.Order{}, "a 0"},
		{`@["a"] = sum(7); trunc(@)`, consume.Order{}, ""},
		{`@["a"] = sum(7); @["b"] = sum(8); @["c"] = sum(9); trunc(@, 2)`, consume.Order{}, "b 8 c 9"},
		{`@["a"] = sum(7); @["b"] = sum(8); @["c"] = sum(9); trunc(@, -2)`, consume.Order{}, "a 7 b 8"},
		{`@[2] = count(); @c[1] = count(); @c[1] = count(); printa("%d:%@d,%@d ", @, @c)`, consume.Order{}, "2:1,0 1:0,2"},
	} {
		if strings.Contains(c.body, "printa") {
			c.order.ByKey, c.order.Reverse = true, true
		}
		got, errs := run(t, "BEGIN { "+c.body+"; exit(0) }", consume.Options{Quiet: true, Order: c.order})
		if got := strings.Join(strings.Fields(got), " "); got != c.want || errs != "" {
			t.Errorf("%s: got %q and %q, want %q", c.body, got, errs, c.want)
		}
	}
}

// TestMagnitudes checks the rows that llquantize fills: of 0..9 by ones, of
// 10..90 by tens, and beyond.
func TestMagnitudes(t *testing.T) {
	testenv.RequireRoot(t)
	var body strings.Builder
	for _, n := range []string{"0", "7", "-7", "25", "99", "100", "5000"} {
		body.WriteString("@ = llquantize(" + n + ", 10, 0, 1, 10); ")
	}
	out, _ := run(t, "BEGIN { "+body.String()+"exit(0) }", consume.Options{Quiet: true})
	var got []string
	for line := range strings.Lines(out) {
		if label, count, ok := strings.Cut(line, "|@"); ok {
			got = append(got, strings.TrimSpace(label)+":"+strings.TrimSpace(strings.Trim(count, "@ \n")))
		}
	}
	if want := "-7:1 0:1 7:1 20:1 90:1 >= 100:2"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, " "), want)
	}
}

// TestStacks names the frames of this process while it makes system calls.
func TestStacks(t *testing.T) {
	testenv.RequireRoot(t)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				unix.Getpgid(0)
			}
		}
	}()
	out, _ := run(t, "syscall::getpgid:entry /pid == $pid/ { stack(5); ustack(9); exit(0) }", consume.Options{Quiet: true, StackIndent: 14})
	if !strings.Contains(out, "\n              vmlinux`") || !strings.Contains(out, "dtrace.test`") {
		t.Errorf("got %q", out)
	}
}

// TestSpeculation checks that only what is committed is printed.
func TestSpeculation(t *testing.T) {
	testenv.RequireRoot(t)
	for _, c := range []struct{ text, want string }{
		{`BEGIN { i = speculation() } BEGIN { speculate(i); printf("held") } BEGIN { printf("now ") } BEGIN { commit(i) } BEGIN { exit(0) }`, "now held"},
		{`BEGIN { i = speculation() } BEGIN { speculate(i); printf("held") } BEGIN { discard(i) } BEGIN { commit(i) } BEGIN { exit(0) }`, ""},
		{`BEGIN { i = speculation(); j = speculation(); printf("%d %d", i, j); exit(0) }`, "1 0"},
		{`BEGIN { i = speculation(); discard(i); j = speculation(); printf("%d %d", i, j); exit(0) }`, "1 1"},
		{`BEGIN { speculate(7); printf("lost") } BEGIN { exit(0) }`, ""},
	} {
		got, errs := run(t, c.text, consume.Options{Quiet: true})
		if none := strings.Contains(c.want, "1 0"); none != (errs == "dtrace: 1 failed speculation (no speculative buffer available)\n") {
			t.Errorf("%s: told %q", c.text, errs)
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.text, got, c.want)
		}
	}
}

// TestMemory runs programs over D's own memory: scratch memory, arrays, structs.
func TestMemory(t *testing.T) {
	testenv.RequireRoot(t)
	for _, c := range []struct{ text, want, fault string }{
		{`BEGIN { p = (int *)alloca(8); *p = 7; p[1] = *p + 1; printf("%d %d", p[0], p[1]); exit(0) }`, "7 8", ""},
		{`struct s { int a; char b : 3; char c : 5; short d; } *p; BEGIN { p = alloca(sizeof (struct s)); p->a = -2; p->c = 9; p->d = 300; p->d++; printf("%d %d %d %d", p->a, p->b, p->c, p->d); exit(0) }`, "-2 0 9 301", ""},
		{`int a[3]; BEGIN { a[0] = 4; i = 2; a[i] = 5; a[i]--; printf("%d %d %d", a[0], a[1], a[i]); exit(0) }`, "4 0 4", ""},
		{`struct s { int x; int y[2]; }; self struct s t; this struct s u; BEGIN { self->t.y[1] = 3; this->u.x = self->t.y[1] + 1; printf("%d %d", self->t.y[1], this->u.x); exit(0) }`, "3 4", ""},
		{`BEGIN { p = (char *)alloca(4); bcopy("abc", p, 4); printf("%s", (string)p); exit(0) }`, "abc", ""},
		{`BEGIN { s = "abcdef"; printf("%c%c", s[1], probename[4]); exit(0) }`, "bN", ""},
		{`string s; BEGIN { s = NULL; printf("%d", s == NULL); s = ""; printf(" %d", s == NULL); exit(0) }`, "1 0", ""},
		{`int a[3]; BEGIN { i = 3; a[i] = 1; printf("no") } BEGIN { exit(0) }`, "", "invalid address (0xc)"},
		{`BEGIN { p = (char *)alloca(8); trace(p[8]) } BEGIN { exit(0) }`, "", "invalid address"},
		{`BEGIN { p = (char *)alloca(8); p[-1] = 1 } BEGIN { exit(0) }`, "", "invalid address"},
		{`BEGIN { n = 300; p = alloca(n) } BEGIN { exit(0) }`, "", "out of scratch space"},
		{`BEGIN { p = alloca(8); bcopy("x", p, -1) } BEGIN { exit(0) }`, "", "invalid size"},
		{`string s; BEGIN { s = NULL; trace(s) } BEGIN { exit(0) }`, "", "invalid address (0x0)"},
	} {
		out, errs := run(t, c.text, consume.Options{Quiet: true})
		if out != c.want || c.fault == "" != (errs == "") || !strings.Contains(errs, c.fault) {
			t.Errorf("%s: got %q and %q, want %q and %q", c.text, out, errs, c.want, c.fault)
		}
	}
}

// TestErrorProbe checks that a fault fires ERROR with its arguments, once, and
// that nothing of the probe runs after exit().
func TestErrorProbe(t *testing.T) {
	testenv.RequireRoot(t)
	for _, c := range []struct{ text, want string }{
		{`BEGIN { z = 0; trace(1 / z) } ERROR { printf("%d %d %s", arg1, arg4, probename) } BEGIN { printf("|%d", id); exit(0) }`, "1 4 ERROR|1"},
		{`BEGIN { trace(*(int *)16) } BEGIN { printf("next") } ERROR { printf("%d %x", arg4, arg5); exit(0) }`, "1 10"},
		{`BEGIN { trace(*(int *)16) } BEGIN { printf("next"); exit(0) } ERROR { trace(*(int *)32) }`, "next"},
		{`BEGIN { exit(0) } BEGIN { printf("not") } END { printf("end") }`, "end"},
	} {
		if out, _ := run(t, c.text, consume.Options{Quiet: true}); out != c.want {
			t.Errorf("%s: got %q, want %q", c.text, out, c.want)
		}
	}
}

// TestBufferTooSmall checks that a run that cannot hold a record never begins.
func TestBufferTooSmall(t *testing.T) {
	testenv.RequireRoot(t)
	for _, c := range []struct {
		text  string
		sizes Sizes
	}{
		{`BEGIN { exit(0) }`, Sizes{Buffer: 59, Agg: 1024, Dyn: 1024}},
		{`BEGIN { @ = count(); exit(0) }`, Sizes{Buffer: 4096, Agg: 8, Dyn: 1024}},
		{`BEGIN { a[1] = 1; exit(0) }`, Sizes{Buffer: 4096, Agg: 1024, Dyn: 15}},
	} {
		u, err := compile(t, c.text)
		if err != nil {
			t.Fatal(err)
		}
		set := NewSettings()
		set.Sizes = c.sizes
		s, err := Open(u.Program, u.DB, Options{Settings: set, Out: io.Discard, Err: io.Discard})
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "Enabling exceeds size of buffer") {
			t.Errorf("%s: got %v", c.text, err)
		}
	}
}

// TestFaults checks that what cannot be read drops its record and is told.
func TestFaults(t *testing.T) {
	testenv.RequireRoot(t)
	out, errs := run(t, `BEGIN { p = (int *)8; trace(*p) } BEGIN { exit(0) }`, consume.Options{Quiet: true})
	if out != "" || !strings.Contains(errs, "invalid address (0x8)") {
		t.Errorf("got %q and %q", out, errs)
	}
}

func TestSettings(t *testing.T) {
	s := NewSettings()
	for _, o := range []struct {
		name, value string
		err         error
	}{
		{"quiet", "", nil},
		{"errtags", "1", nil},
		{"zdefs", "off", nil},
		{"quiet", "maybe", ErrOptionValue},
		{"bufsize", "2m", nil},
		{"bufsize", "-1", ErrOptionValue},
		{"strsize", "1", ErrOptionValue},
		{"aggsize", "", ErrOptionValue},
		{"switchrate", "10hz", nil},
		{"switchrate", "0", ErrOptionValue},
		{"switchrate", "5x", ErrOptionValue},
		{"aggsortpos", "1", nil},
		{"nosuch", "", ErrOptionName},
		{"bufsize", "99999999t", ErrOptionValue},
	} {
		if err := s.Set(o.name, o.value); !errors.Is(err, o.err) {
			t.Errorf("%s=%s: got %v, want %v", o.name, o.value, err, o.err)
		}
	}
	if !s.Quiet || !s.ErrTags || s.ZeroProbes || s.Sizes.Buffer != 2<<20 || s.SwitchRate != 100*time.Millisecond || s.Order.ValuePos != 1 {
		t.Errorf("got %+v", s)
	}
}

// TestKeys builds keys of what needs keys itself.
func TestKeys(t *testing.T) {
	testenv.RequireRoot(t)
	got, errs := run(t, `BEGIN { a["x", 1] = 5; self->v = 7; @["first", a["x", 1], self->v] = sum(self->v); exit(0) }`, consume.Options{Quiet: true})
	if got := strings.Join(strings.Fields(got), " "); got != "first 5 7 7" || errs != "" {
		t.Errorf("got %q and %q", got, errs)
	}
}

// runUnit runs a compiled program and returns what it printed but for the empty
// line at its end.
func runUnit(t *testing.T, u *Unit, set *Settings) string {
	t.Helper()
	var o, e bytes.Buffer
	s, err := Open(u.Program, u.DB, Options{Settings: set, Out: &o, Err: &e})
	if err != nil {
		if v, ok := errors.AsType[*VerifierError](err); ok {
			t.Fatalf("%v\n%s", err, v.Log)
		}
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if e.Len() > 0 {
		t.Errorf("errors: %s", e.String())
	}
	return strings.TrimSuffix(o.String(), "\n")
}
