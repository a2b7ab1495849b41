package testguest

import (
	"strings"
	"testing"
)

// result is one test of a suite as its output tells of it.
type result struct {
	name   string
	state  string // PASS, FAIL, SKIP; empty when it never ended
	output strings.Builder
	subs   []*result
}

// marker begins the lines that the testing package writes itself.
const marker = "\x16"

// parse reads the output of -test.v=test2json into a tree of results.
func parse(output string) *result {
	top := &result{}
	all := map[string]*result{"": top}
	at := top
	for line := range strings.Lines(output) {
		word, name := statement(line)
		switch word {
		case "RUN", "CONT", "NAME":
			at = find(all, name)
		case "PAUSE":
		case "PASS", "FAIL", "SKIP":
			at = find(all, name)
			at.state = word
		default:
			if plain := strings.TrimSpace(strings.TrimPrefix(line, marker)); at == top && (plain == "PASS" || plain == "FAIL") {
				continue
			}
			at.output.WriteString(strings.ReplaceAll(line, marker, ""))
		}
	}
	return top
}

// statement takes a line of the testing package apart: "=== RUN   TestX",
// "    --- PASS: TestX/sub (0.00s)". A line of a test is none.
func statement(line string) (word, name string) {
	_, line, marked := strings.Cut(line, marker)
	if !marked {
		return "", ""
	}
	f := strings.Fields(line)
	if len(f) < 2 {
		return "", ""
	}
	switch {
	case f[0] == "===" && len(f) == 3:
		return f[1], f[2]
	case f[0] == "===" && f[1] == "NAME": // back to none
		return "NAME", ""
	case f[0] == "---" && len(f) == 4:
		return strings.TrimSuffix(f[1], ":"), f[2]
	}
	return "", ""
}

// find is the result of a test, made below its parent when it is new.
func find(all map[string]*result, name string) *result {
	if r := all[name]; r != nil {
		return r
	}
	parent, short := "", name
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		parent, short = name[:i], name[i+1:]
	}
	r := &result{name: short}
	all[name] = r
	p := find(all, parent)
	p.subs = append(p.subs, r)
	return r
}

// replay reports a tree of results as subtests of t.
func (r *result) replay(t *testing.T) {
	t.Helper()
	if out := strings.TrimRight(r.output.String(), "\n"); strings.TrimSpace(out) != "" {
		t.Log("in the guest:\n" + out)
	}
	for _, s := range r.subs {
		t.Run(s.name, s.replay)
	}
	switch r.state {
	case "FAIL":
		t.Fail()
	case "SKIP":
		t.SkipNow()
	case "":
		if r.name != "" {
			t.Error("it did not end")
		}
	}
}
