// Package rig lets a test drive the tools as a user does: by name, in processes
// of their own, in a root and a pool of the test's own. What a test leaves
// behind fails it.
package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/cmd"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/testenv"
)

// Base is the built-in image of a sparse UNIX zone.
const Base = "5f3d2c1a-9e47-4b0e-8c6d-7a1b0e2f4d10"

const patience = 2 * time.Minute

// Main is the TestMain of packages that use a rig: it makes the test binary
// answer to the tools' names.
func Main(m *testing.M) {
	name := filepath.Base(os.Args[0])
	if name == "smartbox" || slices.Contains(cmd.Names(), name) {
		os.Exit(cmd.Main(cli.FromOS()))
	}
	if !strings.HasSuffix(name, ".test") { // in a zone, under a name that is no tool's
		os.Exit(127)
	}
	os.Exit(m.Run())
}

// Rig is one root with its tools.
type Rig struct {
	testing.TB
	Root string // SMARTBOX_ROOT
	bin  string
}

// New makes a root with a pool "zones" on a sparse file and the image Base. It
// skips the test when this machine cannot do that.
func New(t testing.TB) *Rig {
	t.Helper()
	testenv.RequireRoot(t)
	testenv.RequireFilesystem(t, "btrfs")
	testenv.RequireCommand(t, "mkfs.btrfs", "losetup")
	// Sockets lie below it, whose names have 108 bytes: not t.TempDir.
	dir, err := os.MkdirTemp("", "r")
	if err != nil {
		t.Fatal(err)
	}
	r := &Rig{TB: t, Root: filepath.Join(dir, "root"), bin: filepath.Join(dir, "bin")}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Cleanup(r.sweep)
	r.link()
	disk := filepath.Join(r.Root, "disk.img")
	if err := os.Mkdir(r.Root, 0o755); err != nil {
		t.Fatal(err)
	}
	r.Do("truncate", "-s", "8G", disk)
	r.Do("zpool", "create", "zones", disk)
	r.Do("imgadm", "import", "-q", Base)
	return r
}

// link makes the tools: links to this test binary, which is put beside them,
// since zones run it too.
func (r *Rig) link() {
	self, err := os.Executable()
	if err == nil {
		err = os.Mkdir(r.bin, 0o755)
	}
	if err == nil {
		err = exec.Command("cp", self, filepath.Join(r.bin, "smartbox")).Run()
	}
	for _, name := range cmd.Names() {
		err = errors.Join(err, os.Symlink("smartbox", filepath.Join(r.bin, name)))
	}
	if err != nil {
		r.Fatal(err)
	}
}

// Command is a tool, or a program of the host, with the rig's surroundings.
func (r *Rig) Command(ctx context.Context, words ...string) *exec.Cmd {
	path := words[0]
	if p := filepath.Join(r.bin, words[0]); exists(p) {
		path = p
	}
	c := exec.CommandContext(ctx, path, words[1:]...)
	c.Env = append(os.Environ(), "SMARTBOX_ROOT="+r.Root, "PATH="+r.bin+":"+os.Getenv("PATH")+":/usr/sbin:/sbin")
	c.WaitDelay = time.Second // daemons may keep the pipes
	return c
}

// Output is what a command said and how it ended.
type Output struct {
	Stdout, Stderr string
	Code           int // -1 when a signal ended it
}

// Try runs a command with a text as its input.
func (r *Rig) Try(stdin string, words ...string) Output {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := r.Command(ctx, words...)
	var stdout, stderr bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := c.Run()
	if ctx.Err() != nil {
		r.Fatalf("%s: did not end within %v; so far %s%s", strings.Join(words, " "), patience, &stdout, &stderr)
	}
	if _, isExit := errors.AsType[*exec.ExitError](err); err != nil && !isExit && !errors.Is(err, exec.ErrWaitDelay) {
		r.Fatalf("%s: %v", strings.Join(words, " "), err)
	}
	return Output{stdout.String(), stderr.String(), c.ProcessState.ExitCode()}
}

// Do runs a command that must succeed and returns its standard output.
func (r *Rig) Do(words ...string) string {
	r.Helper()
	return r.Feed("", words...)
}

// Feed is Do with input.
func (r *Rig) Feed(stdin string, words ...string) string {
	r.Helper()
	o := r.Try(stdin, words...)
	if o.Code != 0 {
		r.Fatalf("%s: exit %d: %s%s%s", strings.Join(words, " "), o.Code, o.Stdout, o.Stderr, r.Logs())
	}
	return o.Stdout
}

// Logs are the ends of the zones' logs, for the one who reads the failure.
func (r *Rig) Logs() string {
	var b strings.Builder
	files, _ := filepath.Glob(filepath.Join(r.Root, "var/log/smartbox/*")) // no logs, nothing to show
	more, _ := filepath.Glob(filepath.Join(r.Root, "var/log/smartbox/*/*"))
	for _, f := range append(files, more...) {
		if text, err := os.ReadFile(f); err == nil {
			fmt.Fprintf(&b, "\n-- %s\n%s", f, text[max(0, len(text)-1500):])
		}
	}
	return b.String()
}

// Leaks are the processes, mounts, loop devices, cgroups, links and filters of
// this root that are there now. The kernel is given a moment.
func (r *Rig) Leaks() []string {
	var left []string
	for range 20 {
		out, err := exec.Command(script("leaks.sh"), r.Root).Output()
		if err != nil {
			return []string{"leaks.sh: " + err.Error()}
		}
		left = slices.DeleteFunc(strings.Split(string(out), "\n"), func(l string) bool {
			return l == "" || l == "file "+r.Root
		})
		if len(left) == 0 {
			return nil
		}
		time.Sleep(250 * time.Millisecond)
	}
	return left
}

// Empty deletes all machines and images, destroys the pool, and fails the test
// if anything but plain files is left.
func (r *Rig) Empty() {
	r.Helper()
	for uuid := range strings.FieldsSeq(r.Do("vmadm", "list", "-Ho", "uuid")) {
		r.Do("vmadm", "delete", uuid)
	}
	for uuid := range strings.FieldsSeq(r.Do("imgadm", "list", "-Ho", "uuid")) {
		r.Do("imgadm", "delete", uuid)
	}
	rest := strings.Fields(r.Do("zfs", "list", "-Ho", "name", "-t", "all"))
	rest = slices.DeleteFunc(rest, func(d string) bool { return d == "zones" || d == "zones/config" })
	if len(rest) > 0 {
		r.Errorf("datasets are left: %v", rest)
	}
	r.Do("zpool", "destroy", "zones")
	if left := r.Leaks(); len(left) > 0 {
		r.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// sweep removes by force what a failed test left.
func (r *Rig) sweep() {
	if out, err := exec.Command(script("sweep.sh"), r.Root).CombinedOutput(); err != nil {
		r.Errorf("sweep: %v: %s", err, out)
	}
}

// script is the path of one of scripts/, from any package of the repository.
func script(name string) string {
	up := ""
	for range 8 {
		if exists(up + "go.mod") {
			break
		}
		up += "../"
	}
	return up + "scripts/" + name
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
