package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// event is one line of "go test -json".
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Elapsed    float64
	Output     string
}

type key struct{ pkg, test string }

type results struct {
	w       io.Writer
	output  map[key][]string
	parents map[key]bool
	ended   map[key]string // pass, fail, skip
	failed  int            // packages that failed without a failed test
	skips   map[string]int // reason -> how many
}

func newResults(w io.Writer) *results {
	return &results{
		w: w, output: map[key][]string{}, parents: map[key]bool{}, ended: map[key]string{},
		skips: map[string]int{},
	}
}

func (r *results) read(stream io.Reader) error {
	lines := bufio.NewReader(stream)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			fmt.Fprintf(r.w, "%s", line)
			continue
		}
		r.take(e)
	}
}

func (r *results) take(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "run":
		for i := strings.LastIndexByte(e.Test, '/'); i > 0; i = strings.LastIndexByte(e.Test[:i], '/') {
			r.parents[key{e.Package, e.Test[:i]}] = true
		}
	case "output":
		r.output[k] = append(r.output[k], e.Output)
	case "build-output":
		fmt.Fprint(r.w, e.Output)
	case "pass", "fail", "skip":
		r.end(k, e)
	}
}

func (r *results) end(k key, e event) {
	switch {
	case k.test == "":
		r.endPackage(k, e)
	case e.Action == "fail":
		r.ended[k] = e.Action
		fmt.Fprintf(r.w, "%s", strings.Join(r.output[k], ""))
	case e.Action == "skip":
		r.ended[k] = e.Action
		r.skips[reason(r.output[k])]++
	default:
		r.ended[k] = e.Action
		delete(r.output, k)
	}
}

// endPackage prints a package's line. One that failed although none of its
// tests did has crashed, timed out or not been built.
func (r *results) endPackage(k key, e event) {
	count := map[string]int{}
	for t, how := range r.ended {
		if t.pkg == k.pkg && !r.parents[t] {
			count[how]++
		}
	}
	if e.Action == "skip" { // no test files
		return
	}
	if e.Action == "fail" {
		fmt.Fprint(r.w, strings.Join(slices.DeleteFunc(r.output[k], isVerdict), ""))
		delete(r.output, k)
	}
	if e.Action == "fail" && count["fail"] == 0 {
		r.failed++
		for t, out := range r.output {
			if t.pkg == k.pkg && r.ended[t] == "" {
				fmt.Fprint(r.w, strings.Join(out, ""))
			}
		}
	}
	fmt.Fprintf(r.w, "%-4s %-60s %4d passed %3d failed %3d skipped %7.1fs\n",
		map[string]string{"pass": "ok", "fail": "FAIL"}[e.Action], k.pkg, count["pass"], count["fail"], count["skip"], e.Elapsed)
}

// isVerdict is what go test says at a failed package's end. What else it says
// there is a crash's cause, when that came after its test's own last line.
func isVerdict(line string) bool {
	return strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "exit status")
}

func (r *results) bad() bool {
	_, failed, _ := r.count()
	return failed > 0
}

// count counts the tests that have no parts of their own.
func (r *results) count() (passed, failed, skipped int) {
	failed = r.failed
	for t, how := range r.ended {
		switch {
		case r.parents[t] && how != "fail":
		case r.parents[t] && r.childFailed(t):
		case how == "pass":
			passed++
		case how == "fail":
			failed++
		default:
			skipped++
		}
	}
	return passed, failed, skipped
}

func (r *results) childFailed(parent key) bool {
	for t, how := range r.ended {
		if t.pkg == parent.pkg && how == "fail" && strings.HasPrefix(t.test, parent.test+"/") {
			return true
		}
	}
	return false
}

func (r *results) print(w io.Writer) {
	if len(r.skips) > 0 {
		fmt.Fprintln(w, "\nskipped, by reason:")
		for _, why := range slices.Sorted(maps.Keys(r.skips)) {
			fmt.Fprintf(w, "%6d  %s\n", r.skips[why], why)
		}
	}
	passed, failed, skipped := r.count()
	fmt.Fprintf(w, "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped)
}

var place = regexp.MustCompile(`^\S+\.go:\d+: |^(?:> )?skip:? *`)

// reason is what a skipped test said: its last line before the verdict, without
// the place in the source.
func reason(output []string) string {
	why := "no reason given"
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			why = place.ReplaceAllString(line, "")
		}
	}
	return why
}
