package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/internal/paths"
)

// lab is the place of the comparisons: a root of its own for smartbox, a pool
// in a file, and on that pool the root file system that all contenders use.
type lab struct {
	out     io.Writer
	rounds  int
	dir     string
	root    paths.Root
	bin     string // smartbox and its links
	mini    string // a small root, on the pool
	shifted string // the same, owned by a user namespace
	image   string // the same as an image
	group   *group
	spec    []byte // what "runc spec" proposes
}

func newLab(rounds int) (*lab, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	l := &lab{out: os.Stdout, rounds: rounds, dir: "/var/tmp/smartbox-bench"}
	l.root, l.bin = paths.Root(l.dir), filepath.Join(here, "build", "bin")
	if out, err := exec.Command("scripts/sweep.sh", l.dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("sweep: %w: %s", err, out)
	}
	os.Setenv("SMARTBOX_ROOT", l.dir)
	os.Setenv("PATH", l.bin+":"+os.Getenv("PATH"))
	if l.group, err = newGroup(groupName, l.root.KernelName("smartbox")); err != nil {
		return nil, err
	}
	if err := l.furnish(here); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// close removes everything; what cannot be removed is named.
func (l *lab) close() {
	l.group.remove()
	if out, err := exec.Command("scripts/sweep.sh", l.dir).CombinedOutput(); err != nil {
		fmt.Fprintf(l.out, "sweep: %v: %s\n", err, out)
	}
}

// furnish makes programs, pool, roots and the image.
func (l *lab) furnish(here string) error {
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"bare", "calls", "enter", "idle", "snap"} {
		if err := do("gcc", "-O2", "-static", "-o", filepath.Join(l.dir, name), filepath.Join(here, "test/bench/c", name+".c")); err != nil {
			return err
		}
	}
	goTool := os.Getenv("GO")
	if goTool == "" {
		goTool = "go"
	}
	disk := filepath.Join(l.dir, "disk.img")
	for _, words := range [][]string{
		{goTool, "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(l.dir, "hello"), "./test/bench/hello"},
		{"build/smartbox", "--install", l.bin},
		{"truncate", "-s", "20G", disk},
		{"zpool", "create", "zones", disk},
		{"zfs", "create", "zones/bench"},
	} {
		if err := do(words...); err != nil {
			return err
		}
	}
	l.mini = l.root.Join("zones/bench/mini")
	l.shifted = l.root.Join("zones/bench/shifted")
	if err := miniRoot(l.mini, filepath.Join(l.dir, "idle")); err != nil {
		return err
	}
	if err := shift(l.mini, l.shifted); err != nil {
		return err
	}
	return l.install()
}

// install makes an image of the small root.
func (l *lab) install() error {
	l.image = "0be1c0de-0000-4000-8000-000000000001"
	file := filepath.Join(l.dir, "mini.tar")
	if err := do("tar", "--numeric-owner", "-C", l.mini, "-cf", file, "."); err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{
		"v": 2, "uuid": l.image, "owner": "00000000-0000-0000-0000-000000000000", "name": "mini", "version": "1",
		"type": "lx-dataset", "os": "linux", "published_at": "2026-01-01T00:00:00Z", "state": "active", "disabled": false, "public": true,
		"files":        []any{map[string]any{"sha1": fmt.Sprintf("%x", sha1.Sum(data)), "size": len(data), "compression": "none"}},
		"requirements": map[string]any{"brand": "lx"},
	})
	if err != nil {
		return err
	}
	manifest := filepath.Join(l.dir, "mini.json")
	if err := os.WriteFile(manifest, text, 0o644); err != nil {
		return err
	}
	return do("imgadm", "install", "-m", manifest, "-f", file)
}

// zone creates a machine from the small image and returns its uuid.
func (l *lab) zone(members map[string]any) (string, error) {
	payload := map[string]any{
		"brand": "lx", "kernel_version": "6.1", "image_uuid": l.image, "max_physical_memory": 64, "quota": 1, "autoboot": false,
	}
	maps.Copy(payload, members)
	text, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	cmd := exec.Command("vmadm", "create")
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("vmadm create: %w: %s", err, out)
	}
	words := strings.Fields(string(out))
	return words[len(words)-1], nil
}

// do runs words outside of the measured groups' bookkeeping.
func do(words ...string) error {
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// does is a contender's deed: the commands, one after the other.
func (l *lab) does(commands ...[]string) func() error {
	return func() error {
		for _, words := range commands {
			if err := l.group.run(words...); err != nil {
				return err
			}
		}
		return nil
	}
}

func words(w ...string) []string { return w }
