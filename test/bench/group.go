package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// group is the pair of control groups in which everything that is measured is
// born, so that processes which daemonize are counted too. Containers make
// their groups below it; smartbox has a place of its own (also).
type group struct {
	v2   bool
	cpu  []string // directories whose CPU time counts
	mem  []string // directories whose memory counts
	join []string // tasks files (v1)
	fd   int      // directory (v2)
}

const cgroups = "/sys/fs/cgroup"

// newGroup makes the groups and puts this thread into them (v1).
func newGroup(name, also string) (*group, error) {
	g := &group{}
	_, err := os.Stat(filepath.Join(cgroups, "cgroup.controllers"))
	g.v2 = err == nil
	roots := []string{filepath.Join(cgroups, "cpuacct"), filepath.Join(cgroups, "memory")}
	if g.v2 {
		roots = []string{cgroups, cgroups}
	}
	for i, root := range roots {
		for _, n := range []string{name, filepath.Join(also, "bench-keeps-this")} {
			if err := os.MkdirAll(filepath.Join(root, n), 0o755); err != nil {
				return nil, err
			}
		}
		counted := []string{filepath.Join(root, name), filepath.Join(root, also)}
		if i == 0 {
			g.cpu = counted
		} else {
			g.mem = counted
		}
		g.join = append(g.join, filepath.Join(root, name, "tasks"))
	}
	if g.v2 {
		g.fd, err = syscall.Open(filepath.Join(cgroups, name), syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		return g, err
	}
	runtime.LockOSThread() // children of this thread are born where it is
	for _, file := range g.join {
		if err := os.WriteFile(file, []byte("0"), 0); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *group) remove() {
	for _, file := range g.join {
		if !g.v2 {
			os.WriteFile(filepath.Join(cgroups, filepath.Base(filepath.Dir(filepath.Dir(file))), "tasks"), []byte("0"), 0)
		}
	}
	for _, dir := range append(g.cpu, g.mem...) {
		os.Remove(filepath.Join(dir, "bench-keeps-this"))
		// The peers leave theirs in every hierarchy.
		others, _ := filepath.Glob(filepath.Join(cgroups, "*", filepath.Base(dir))) // the pattern is sound
		for _, left := range append(others, dir) {
			exec.Command("find", left, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";").Run()
		}
	}
}

// used is the CPU time of the groups so far.
func (g *group) used() time.Duration {
	var sum time.Duration
	for _, dir := range g.cpu {
		if g.v2 {
			text, _ := os.ReadFile(filepath.Join(dir, "cpu.stat"))
			var usec int64
			fmt.Sscanf(string(text), "usage_usec %d", &usec)
			sum += time.Duration(usec) * time.Microsecond
			continue
		}
		sum += time.Duration(number(filepath.Join(dir, "cpuacct.usage")))
	}
	return sum
}

// memory is what the groups hold, kernel memory included, without the cache of
// files: that of a program is charged to whoever ran it first, and the
// contenders' containers share one root where each machine has its own.
func (g *group) memory() int64 {
	var sum int64
	for _, dir := range g.mem {
		usage, files, shared := "memory.usage_in_bytes", "total_cache", "total_shmem"
		if g.v2 {
			usage, files, shared = "memory.current", "file", "shmem"
		}
		held := statistics(filepath.Join(dir, "memory.stat"))
		sum += number(filepath.Join(dir, usage)) - held[files] + held[shared]
	}
	return sum
}

// statistics reads a file of names and numbers.
func statistics(file string) map[string]int64 {
	values := map[string]int64{}
	text, err := os.ReadFile(file)
	if err != nil {
		return values
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		values[name], _ = strconv.ParseInt(value, 10, 64)
	}
	return values
}

func number(file string) int64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n
}

// command runs words in the groups, without a terminal.
func (g *group) command(words ...string) *exec.Cmd {
	cmd := exec.Command(words[0], words[1:]...)
	if g.v2 {
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: g.fd}
	}
	return cmd
}

// run runs words to their end; what they print only shows in errors.
func (g *group) run(words ...string) error {
	out, err := os.CreateTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd := g.command(words...)
	cmd.Stdout, cmd.Stderr = out, out // a file: daemons may keep it open
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, strings.TrimSpace(string(text)))
	}
	return nil
}
