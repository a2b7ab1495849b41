// Package zfs keeps pools and datasets on the host's own OpenZFS, by its zfs
// and zpool programs: through go-zfs, and directly for what that lacks. It
// never runs smartbox's programs of the same names.
package zfs

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Backend is the host's OpenZFS.
type Backend struct{ dir string }

// programDirs is where hosts keep zfs and zpool.
var programDirs = []string{"/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin", "/usr/local/bin"}

// Find looks for OpenZFS on this host, nil when there is none in use.
func Find() *Backend {
	if _, err := os.Stat("/dev/zfs"); err != nil {
		return nil
	}
	self, err := os.Stat("/proc/self/exe")
	if err != nil {
		return nil
	}
	return findIn(programDirs, self)
}

// findIn skips programs that are links to self: they are smartbox's own.
func findIn(dirs []string, self os.FileInfo) *Backend {
	for _, dir := range dirs {
		if isProgram(filepath.Join(dir, "zfs"), self) && isProgram(filepath.Join(dir, "zpool"), self) {
			return &Backend{dir}
		}
	}
	return nil
}

func isProgram(path string, self os.FileInfo) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && !os.SameFile(info, self)
}

var pathOnce sync.Once

// library readies go-zfs, which finds programs by PATH: the real ones first.
func (b *Backend) library() {
	pathOnce.Do(func() {
		os.Setenv("PATH", b.dir+":/usr/sbin:/usr/bin:/sbin:/bin") // cannot fail for this name and value
	})
}

// run runs zfs or zpool, which see only their own directory as PATH, and
// returns what they print.
func (b *Backend) run(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(b.dir, program), args...)
	cmd.Env = []string{"PATH=" + b.dir, "LC_ALL=C"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), understand(stderr.String(), err)
	}
	return stdout.String(), nil
}

// conditions are the sentinels, by the words that the programs use.
var conditions = []struct {
	words string
	is    error
}{
	{"dataset does not exist", dataset.ErrNotFound},
	{"could not find any snapshots", dataset.ErrNotFound},
	{"no such pool", dataset.ErrNoPool},
	{"parent does not exist", dataset.ErrNoParent},
	{"dataset already exists", dataset.ErrExists},
	{"pool already exists", dataset.ErrPoolExists},
	{"more recent snapshots", dataset.ErrNewer},
	{"dependent clones", dataset.ErrClones},
	{"has children", dataset.ErrChildren},
	{"is busy", dataset.ErrBusy},
	{"out of space", dataset.ErrNoSpace},
	{"invalid property", dataset.ErrProperty},
	{"bad property", dataset.ErrProperty},
	{"does not apply to datasets of this type", dataset.ErrProperty},
	{"is readonly", dataset.ErrProperty},
	{"must be one of", dataset.ErrProperty},
	{"must specify -F", dataset.ErrExists},
	{"must destroy them to overwrite", dataset.ErrExists},
	{"invalid character", dataset.ErrBadName},
	{"in name", dataset.ErrBadName},
}

// understand makes what a program said an error that callers can test.
func understand(stderr string, err error) error {
	text := strings.TrimSpace(stderr)
	if text == "" {
		return err
	}
	for _, c := range conditions {
		if strings.Contains(text, c.words) {
			return dataset.As(c.is, "%s", text)
		}
	}
	return errors.New(text)
}
