// Run is what "make test" runs: go test over the packages, with one line per
// package, the output of what failed, the reasons of what was skipped, and a
// look at what the tests left on the host. Its last line is
// "N passed, N failed, N skipped".
//
//	go run ./test/run [go test flags] PACKAGE...
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "test:", err)
		code = 1
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	if os.Geteuid() != 0 {
		fmt.Println("not root: the tests that need it are skipped, and counted below")
	}
	// Short, for sockets lie below it; its own, so that what is found there is ours.
	tmp, err := os.MkdirTemp("/tmp", "sb")
	if err != nil {
		return 1, err
	}
	if err := os.Chmod(tmp, 0o755); err != nil { // zones' users walk through it
		return 1, err
	}
	before, err := leaks()
	if err != nil {
		return 1, err
	}
	results, err := goTest(append(append(os.Environ(), "TMPDIR="+tmp), debian(tmp)...), args)
	if err != nil {
		return 1, err
	}
	left, err := leftovers(before, tmp)
	if err != nil {
		return 1, err
	}
	for _, l := range left {
		fmt.Println("left behind:", l)
	}
	results.print(os.Stdout)
	if len(left) > 0 || results.bad() {
		return 1, nil
	}
	return 0, nil
}

// debian unpacks a Debian for the tests that boot one, and returns the variable
// that tells them where. Without one they are skipped, which is counted.
func debian(tmp string) []string {
	const images = "build/images"
	if os.Geteuid() != 0 {
		return nil
	}
	fmt.Println("making or finding the Debian image in", images)
	root := filepath.Join(tmp, "debian")
	for _, words := range [][]string{
		{"images/debian-12/build.sh", images},
		{"mkdir", root},
		{"tar", "--zstd", "--numeric-owner", "-C", root, "-xf", images + "/debian-12.tar.zst"},
	} {
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			fmt.Printf("no Debian for the tests: %s: %v\n%s", words[0], err, out)
			return nil
		}
	}
	return []string{"SMARTBOX_TEST_DEBIAN=" + root}
}

// goTest runs the tests in an environment.
func goTest(env, args []string) (*results, error) {
	goTool := os.Getenv("GO")
	if goTool == "" {
		goTool = "go"
	}
	cmd := exec.Command(goTool, append([]string{"test", "-json", "-count=1", "-timeout=20m"}, args...)...)
	cmd.Env = env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := newResults(os.Stdout)
	readErr := r.read(stdout)
	err = cmd.Wait()
	if _, isExit := err.(*exec.ExitError); isExit && !r.bad() { //nolint:errorlint // Wait returns it bare
		return nil, fmt.Errorf("go test: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	if readErr != nil {
		return nil, readErr
	}
	os.Stderr.Write(stderr.Bytes())
	return r, nil
}

// leaks is what scripts/leaks.sh sees on the host now.
func leaks() ([]string, error) {
	out, err := exec.Command(filepath.Join("scripts", "leaks.sh")).Output()
	if err != nil {
		return nil, fmt.Errorf("scripts/leaks.sh: %w", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n"), nil
}

// leftovers is what is there now and was not before, and what could not be
// removed of tmp. The kernel is given some time: loop devices and cgroups go
// when their last user is gone.
func leftovers(before []string, tmp string) ([]string, error) {
	var left []string
	for range 20 {
		now, err := leaks()
		if err != nil {
			return nil, err
		}
		if left = added(before, now); len(left) == 0 {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	if err := os.RemoveAll(filepath.Join(tmp, "debian")); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(tmp)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "go-build") {
			left = append(left, "file "+filepath.Join(tmp, e.Name()))
		}
	}
	if len(left) > 0 {
		return left, nil
	}
	return nil, os.RemoveAll(tmp)
}

// added is the members of now beyond those of before, counting repeats.
func added(before, now []string) []string {
	rest := slices.Clone(before)
	var more []string
	for _, l := range now {
		if i := slices.Index(rest, l); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		} else {
			more = append(more, l)
		}
	}
	return more
}
