package testguest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/platform/guestjob"
)

// Run boots a guest, runs the suites in it one after the other, and reports
// every test of them as a subtest of t.
func Run(t *testing.T, o Options, suites ...Suite) {
	t.Helper()
	require(t, &o)
	o.defaults()
	if len(suites) == 0 {
		t.Fatal("testguest: no suite is named")
	}
	ready := prepare(t, suites)
	img, err := makeImage(o, smartbox(t))
	if err != nil {
		t.Fatal(err)
	}
	// Short, for a socket lies in it.
	dir, err := os.MkdirTemp("", "guest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	job := guestjob.Job{Modules: o.Modules, Hybrid: o.Hybrid, Scratch: o.Scratch > 0}
	for _, s := range ready {
		job.Tests = append(job.Tests, s.job())
	}
	initrd := filepath.Join(dir, "initrd")
	if err := img.payload(initrd, job, ready); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), o.Timeout)
	defer cancel()
	m, err := newMachine(ctx, dir, img.kernel.Image, initrd, o)
	if err != nil {
		t.Fatal(err)
	}
	r := newReport()
	ended, err := m.run(r.take)
	r.tell(t, ready)
	switch {
	case ctx.Err() != nil:
		t.Errorf("the guest did not end within %v; its console:\n%s", o.Timeout, m.lastWords())
	case err != nil:
		t.Errorf("the guest: %v; its console:\n%s", err, m.lastWords())
	case !ended:
		t.Errorf("the guest died; its console:\n%s", m.lastWords())
	case r.why != "":
		t.Errorf("the guest could not do its job: %s; its console:\n%s", r.why, m.lastWords())
	}
}

// require skips the test where there can be no guest.
func require(t testing.TB, o *Options) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots a guest: not with -short")
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("needs an amd64 host: the guest's kernel is one")
	}
	if _, err := exec.LookPath(qemu); err != nil {
		t.Skipf("needs %s: %v", qemu, err)
	}
	if _, err := exec.LookPath("busybox"); err != nil {
		t.Skipf("needs busybox for the guest: %v", err)
	}
	if o.Kernel != "" {
		return
	}
	cache, err := cacheDir()
	if err == nil {
		o.Kernel, err = findKernel(cache)
	}
	if err != nil {
		t.Skipf("needs a kernel: %v", err)
	}
}

// report collects what suites wrote.
type report struct {
	output map[string]*strings.Builder
	code   map[string]int
	why    string
	live   *os.File
}

func newReport() *report {
	r := &report{output: map[string]*strings.Builder{}, code: map[string]int{}}
	if os.Getenv("SMARTBOX_TEST_LIVE") != "" {
		r.live = os.Stderr
	}
	return r
}

func (r *report) take(e guestjob.Event) {
	switch e.Kind {
	case guestjob.Run:
		r.output[e.Name] = new(strings.Builder)
	case guestjob.Output:
		if b := r.output[e.Name]; b != nil {
			b.WriteString(e.Text)
		}
		if r.live != nil {
			r.live.WriteString(e.Text) //nolint:errcheck // for who watches
		}
	case guestjob.Exit:
		r.code[e.Name] = e.Code
	case guestjob.End:
		r.why = e.Text
	}
}

// tell replays all suites as subtests.
func (r *report) tell(t *testing.T, suites []*suite) {
	t.Helper()
	for _, s := range suites {
		t.Run(s.Name, func(t *testing.T) {
			if err := r.one(t, s); err != nil {
				t.Error(err)
			}
		})
	}
}

var errNeverRan = errors.New("it did not run")

func (r *report) one(t *testing.T, s *suite) error {
	t.Helper()
	out, ran := r.output[s.Name]
	if !ran {
		return errNeverRan
	}
	code, ended := r.code[s.Name]
	if s.Argv != nil {
		t.Log("in the guest:\n" + out.String())
	} else {
		parse(out.String()).replay(t)
	}
	switch {
	case !ended:
		t.Error("it did not end")
	case code != 0 && (s.Argv != nil || !t.Failed()):
		t.Errorf("it ended with code %d:\n%s", code, out)
	}
	return nil
}
