package cgroup

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Asleep reports whether processes are in the groups and all of them wait for
// something: none computes, reads from a disk or is just being executed.
func (s *Set) Asleep() bool {
	if len(s.groups) == 0 {
		return false
	}
	asleep := false
	err := filepath.WalkDir(s.groups[0].dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		procs, err := read(path, "cgroup.procs")
		for pid := range strings.FieldsSeq(procs) {
			if !sleeps(pid) {
				asleep = false
				return fs.SkipAll
			}
			asleep = true
		}
		return err
	})
	return err == nil && asleep
}

// sleeps reports whether all threads of a process do.
func sleeps(pid string) bool {
	tasks, err := os.ReadDir("/proc/" + pid + "/task")
	if err != nil {
		return false
	}
	for _, t := range tasks {
		stat, err := os.ReadFile("/proc/" + pid + "/task/" + t.Name() + "/stat")
		// The command's name, in parentheses, may hold anything.
		end := bytes.LastIndexByte(stat, ')')
		if err != nil || end < 0 || end+2 >= len(stat) || stat[end+2] != 'S' && stat[end+2] != 'Z' {
			return false
		}
	}
	return true
}
