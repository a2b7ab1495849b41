package testguest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/pkg/platform/guestjob"
)

// Suite is one program to run in the guest.
type Suite struct {
	Name   string
	Import string   // package whose tests it is, "./pkg/vnic" or as imported; or
	Binary string   // the compiled tests; or
	Argv   []string // a command of the guest, whose exit code alone counts
	Args   []string // after -test.v for tests
	Env    []string
}

// Package is the tests of a package of this module ("./pkg/vnic") whose names
// match run; all when run is empty.
func Package(pkg, run string) Suite {
	s := Suite{Name: strings.TrimPrefix(pkg, "./"), Import: pkg}
	if run != "" {
		s.Args = []string{"-test.run=" + run}
	}
	return s
}

// suite is a Suite made ready.
type suite struct {
	Suite
	n      int
	binary string
	source string // directory of the package, for its testdata
}

func (s *suite) dir() string { return path.Join("tests", fmt.Sprint(s.n)) }

// program is called as go test calls it, which some tests see.
func (s *suite) program() string {
	return path.Join("tests", fmt.Sprintf("%d.bin", s.n), path.Base(s.Name)+".test")
}

// job is what the guest is told of it.
func (s *suite) job() guestjob.Test {
	argv := s.Argv
	if argv == nil {
		argv = append([]string{"/" + s.program(), "-test.v=test2json", "-test.count=1"}, s.Args...)
	}
	return guestjob.Test{Name: s.Name, Argv: argv, Dir: "/" + s.dir(), Env: s.Env}
}

// moduleDir is the root of this module.
var moduleDir = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
})

// prepare compiles what has to be compiled.
func prepare(t testing.TB, all []Suite) []*suite {
	t.Helper()
	dir := t.TempDir()
	var ready []*suite
	for i, one := range all {
		s := &suite{Suite: one, n: i, binary: one.Binary}
		if one.Import != "" {
			s.binary = filepath.Join(dir, fmt.Sprintf("%d.test", i))
			goTool(t, "test", "-c", "-o", s.binary, one.Import)
			s.source = packageDir(t, one.Import)
		}
		ready = append(ready, s)
	}
	return ready
}

// smartbox is the binary that becomes the guest's init.
func smartbox(t testing.TB) string {
	t.Helper()
	if named := os.Getenv("SMARTBOX_TEST_BINARY"); named != "" {
		return named
	}
	bin := filepath.Join(t.TempDir(), "smartbox")
	goTool(t, "build", "-trimpath", "-ldflags=-s -w -buildid=", "-o", bin, ".")
	return bin
}

func packageDir(t testing.TB, pkg string) string {
	t.Helper()
	return strings.TrimSpace(goTool(t, "list", "-f", "{{.Dir}}", pkg))
}

// goTool runs go in the module's root.
func goTool(t testing.TB, args ...string) string {
	t.Helper()
	root, err := moduleDir()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return string(out)
}

func now() time.Time { return time.Now() }
