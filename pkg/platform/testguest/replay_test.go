package testguest

import (
	"fmt"
	"strings"
	"testing"
)

// told is what the testing package says with -test.v=test2json; ^ stands for
// its marker.
const told = `^=== RUN   TestA
    a_test.go:3: hello
^=== RUN   TestA/sub
    a_test.go:5: inside
^=== NAME  TestA
    a_test.go:7: back
^--- FAIL: TestA (0.01s)
^    --- SKIP: TestA/sub (0.00s)
^=== RUN   TestB
--- FAIL: TestA/printed (0.00s)
^--- PASS: TestB (0.00s)
^=== RUN   TestC
panic: gone
`

func tree(r *result) string {
	s := r.name + ":" + r.state
	for _, sub := range r.subs {
		s += "[" + tree(sub) + "]"
	}
	return s
}

func TestParse(t *testing.T) {
	top := parse(strings.ReplaceAll(told, "^", marker))
	if got, want := tree(top), ":[TestA:FAIL[sub:SKIP]][TestB:PASS][TestC:]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	a := top.subs[0]
	if out := a.output.String(); !strings.Contains(out, "hello") || !strings.Contains(out, "back") || strings.Contains(out, "inside") {
		t.Errorf("output of TestA: %q", out)
	}
	if out := top.subs[1].output.String(); !strings.Contains(out, "TestA/printed") {
		t.Errorf("what a test prints is not the testing package's: %q", out)
	}
	if out := top.subs[2].output.String(); !strings.Contains(out, "panic: gone") {
		t.Errorf("output of TestC: %q", out)
	}
}

func TestParse_verdictIsNoOutput(t *testing.T) {
	for _, end := range []string{"PASS\n", "FAIL\n", marker + "FAIL\n"} {
		top := parse(fmt.Sprintf("%s=== RUN   TestA\n%s--- PASS: TestA (0s)\n%s=== NAME  \n%s", marker, marker, marker, end))
		if out := top.output.String(); out != "" {
			t.Errorf("%q is taken as output: %q", end, out)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(strings.ReplaceAll(told, "^", marker))
	f.Add(marker + "--- PASS: a//b/ (0s)")
	f.Fuzz(func(_ *testing.T, s string) { parse(s) })
}
