package dtrace

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
)

// withSettings compiles and runs a program with options of its own.
func withSettings(t *testing.T, text string, change func(*Settings)) (out, errs string, status int) {
	t.Helper()
	testenv.RequireRoot(t)
	db, err := probe.Load()
	if err != nil {
		t.Fatal(err)
	}
	set := NewSettings()
	change(set)
	u, err := Compile(db, []Source{{Name: "test", Text: text, Args: []string{"test"}}}, CompileOptions{Settings: set})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var o, e bytes.Buffer
	s, err := Open(u.Program, u.DB, Options{Settings: set, Out: &o, Err: &e, Anonymous: true})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if status, err = s.Run(ctx); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o.String(), e.String(), status
}

// TestFlow indents by entries and returns. Two clauses of one return end the
// indent once.
func TestFlow(t *testing.T) {
	text := `syscall::getppid: /pid == $pid && i < 4/ { printf("%d", i++) } ` +
		`syscall::getppid:return /pid == $pid && i >= 4/ { printf("last"); exit(0) }`
	again(t, func() { unix.Getppid() })
	out, _, _ := withSettings(t, text, func(s *Settings) { s.FlowIndent = true })
	lines := strings.Split(strings.TrimSpace(strings.TrimPrefix(out, "FUNCTION")), "\n")
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(l), " ")
	}
	if got := strings.Join(lines, "; "); !strings.Contains(got, "=> getppid 0; <= getppid 1; => getppid 2;") && !strings.Contains(got, "=> getppid 1; <= getppid 2; => getppid 3") {
		t.Errorf("got %s", got)
	}
	if !strings.HasPrefix(out, "FUNCTION                                 \n") || !strings.Contains(out, "| getppid:return") {
		t.Errorf("got\n%s", out)
	}
}

// TestPolicies keeps records until the end: the first or the last ones.
func TestPolicies(t *testing.T) {
	prog := `tick-1ms /i < 100/ { printf("%d,", i++) } tick-1ms /i >= 100/ { exit(3) }`
	out, _, status := withSettings(t, prog, func(s *Settings) { s.Quiet, s.Policy = true, Ring })
	if !strings.HasPrefix(out, "0,1,2,") || !strings.HasSuffix(out, "98,99,\n") || status != 3 {
		t.Errorf("a ring with room for all: %d, %q", status, out)
	}
	out, _, status = withSettings(t, prog, func(s *Settings) { s.Quiet, s.Policy, s.Sizes.Buffer = true, Ring, 400 })
	if strings.HasPrefix(out, "0,") || !strings.HasSuffix(out, "98,99,\n") || status != 3 {
		t.Errorf("a small ring: %d, %q", status, out)
	}
	out, _, status = withSettings(t, prog, func(s *Settings) { s.Quiet, s.Policy, s.Sizes.Buffer = true, Fill, 400 })
	if !strings.HasPrefix(out, "0,1,2,") || strings.Contains(out, ",90,") || status != 0 {
		t.Errorf("a full buffer: %d, %q", status, out)
	}
}

// TestKeeper holds what each CPU has room for, in the order in which it came.
func TestKeeper(t *testing.T) {
	rec := func(cpu, n byte) []byte {
		b := make([]byte, 40)
		b[8], b[39] = cpu, n
		return b
	}
	numbers := func(k *keeper) string {
		var s []string
		if err := k.each(func(b []byte) error { s = append(s, string('0'+rune(b[39]))); return nil }); err != nil {
			t.Fatal(err)
		}
		return strings.Join(s, "")
	}
	ring := &keeper{policy: Ring, limit: 80}
	for i, cpu := range []byte{0, 1, 0, 0, 1, 0} {
		if ring.add(rec(cpu, byte(i))) {
			t.Error("a ring is never full")
		}
	}
	if got := numbers(ring); got != "1345" {
		t.Errorf("the ring has %s", got)
	}
	fill := &keeper{policy: Fill, limit: 80}
	if fill.add(rec(0, 0)) || fill.add(rec(1, 1)) || fill.add(rec(0, 2)) {
		t.Error("full too early")
	}
	if !fill.add(rec(0, 3)) || numbers(fill) != "012" {
		t.Error("not full")
	}
	if full := (&keeper{policy: Fill, limit: 8}).add([]byte{1}); full {
		t.Error("a byte has room")
	}
}

// TestOneCPU fires probes on the CPU that is asked for alone.
func TestOneCPU(t *testing.T) {
	for _, cpu := range []string{"0"} {
		out, _, _ := withSettings(t, `BEGIN { trace(cpu) } tick-1ms { trace(cpu); exit(0) }`, func(s *Settings) {
			s.Quiet = true
			if err := s.Set("cpu", cpu); err != nil {
				t.Fatal(err)
			}
		})
		if strings.TrimSpace(out) != cpu+cpu {
			t.Errorf("cpu %s: got %q", cpu, out)
		}
	}
	if err := NewSettings().Set("cpu", "100000"); err == nil {
		t.Error("there is no CPU 100000")
	}
}

// TestRates hold back the output and the end as long as they say.
func TestRates(t *testing.T) {
	start := time.Now()
	out, _, _ := withSettings(t, `BEGIN { trace("now"); ts = timestamp; exit(0) } END { trace(timestamp - ts > 100000000) }`, func(s *Settings) {
		s.Quiet, s.StatusRate = true, 150*time.Millisecond
		if err := s.Set("switchrate", "200ms"); err != nil {
			t.Fatal(err)
		}
	})
	if out != "now1\n" || time.Since(start) < 200*time.Millisecond {
		t.Errorf("got %q after %v", out, time.Since(start))
	}
}

// TestAggRate shows an aggregation as it was when it was read last.
func TestAggRate(t *testing.T) {
	prog := `tick-10ms /i < 3/ { @ = count(); i++; printa("%@d,", @) } tick-10ms /i == 3/ { exit(0) }`
	out, _, _ := withSettings(t, prog, func(s *Settings) { s.Quiet, s.AggRate = true, time.Hour })
	if out != "1,1,1,\n" {
		t.Errorf("got %q", out)
	}
	if out, _, _ = withSettings(t, prog, func(s *Settings) { s.Quiet = true }); out != "1,2,3,\n" {
		t.Errorf("without a rate: got %q", out)
	}
}

// TestListing shows each program with the places of its clauses, and what a
// debugging run tells.
func TestListing(t *testing.T) {
	_, errs, _ := withSettings(t, `BEGIN { x = strtok("a b", " ") } BEGIN { exit(0) }`, func(s *Settings) { s.Quiet, s.Listing, s.Debug = true, true, true })
	if strings.Count(errs, "Disassembly of clause :::BEGIN:\n") != 2 {
		t.Errorf("got\n%s", errs)
	}
	for _, want := range []string{"Program dt_own\n", "0000 00000: bf 6 1 0000 00000000    MovReg dst: r6 src: r1\n", "dtrace DEBUG "} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in\n%s", want, errs)
		}
	}
}

// TestLibraryOrder compiles libraries behind those that they need.
func TestLibraryOrder(t *testing.T) {
	lib := func(name string, needs ...string) Source {
		text := ""
		for _, n := range needs {
			text += "#pragma D depends_on library " + n + "\n"
		}
		return Source{Name: "/lib/" + name, Text: text}
	}
	got, err := inOrder([]Source{lib("a.d", "c.d"), lib("b.d"), lib("c.d", "b.d")})
	if err != nil || got[0].Name != "/lib/b.d" || got[1].Name != "/lib/c.d" || got[2].Name != "/lib/a.d" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := inOrder([]Source{lib("a.d", "b.d"), lib("b.d", "a.d")}); err == nil || !strings.Contains(err.Error(), "circular") {
		t.Errorf("a circle: %v", err)
	}
	if _, err := inOrder([]Source{lib("a.d", "none.d")}); err == nil || !strings.Contains(err.Error(), "none.d") {
		t.Errorf("a library that is missing: %v", err)
	}
}
