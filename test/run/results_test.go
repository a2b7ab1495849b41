package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

const stream = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"output","Package":"p","Test":"TestA/one","Output":"    a_test.go:3: broken\n"}
{"Action":"fail","Package":"p","Test":"TestA/one","Elapsed":0}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:7: needs root\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"run","Package":"p","Test":"TestC"}
{"Action":"pass","Package":"p","Test":"TestC","Elapsed":0}
{"Action":"output","Package":"p","Output":"panic: late\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t1.0s\n"}
{"Action":"fail","Package":"p","Elapsed":1}
{"Action":"output","Package":"q","Output":"panic: x\n"}
{"Action":"fail","Package":"q","Elapsed":1}
`

func TestResults(t *testing.T) {
	var out bytes.Buffer
	r := newResults(&out)
	if err := r.read(strings.NewReader(stream)); err != nil {
		t.Fatal(err)
	}
	r.print(&out)
	for _, want := range []string{"broken", "panic: late", "panic: x", "     1  needs root\n", "\n1 passed, 2 failed, 1 skipped\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if !r.bad() {
		t.Error("not bad")
	}
}

func TestAdded(t *testing.T) {
	got := added([]string{"a", "b"}, []string{"a", "a", "b", "c"})
	if !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("got %v", got)
	}
}
