package platform

import (
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
)

// HostPrograms are programs of this host by name, those that it has, for the
// image's /usr/bin.
func HostPrograms(names ...string) []Program {
	var all []Program
	for _, name := range names {
		if file, err := exec.LookPath(name); err == nil {
			all = append(all, Program{Path: file, As: "/usr/bin/" + name})
		}
	}
	return all
}

// scriptNames are commands that scripts look for in /bin.
var scriptNames = []string{"sh", "true", "false", "sleep", "cat", "ls", "echo", "busybox", "login"}

// Userland adds this host's busybox with all its names, but those of programs
// and tools that are in the image themselves.
func (s *Spec) Userland() error {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return fmt.Errorf("the image's shell: %w", err)
	}
	if libs, loader, err := needed(busybox); err != nil || loader != "" || len(libs) > 0 {
		return errors.Join(err, fmt.Errorf("the image's shell: %s is not static (package busybox-static is)", busybox))
	}
	names, err := exec.Command(busybox, "--list").Output()
	if err != nil {
		return fmt.Errorf("%s --list: %w", busybox, err)
	}
	s.Programs = append(s.Programs, Program{Path: busybox, As: "/usr/bin/busybox"})
	links := maps.Clone(s.Links)
	if links == nil {
		links = map[string]string{}
	}
	have := map[string]bool{"init": true, "modprobe": true}
	for _, p := range s.Programs {
		have[filepath.Base(p.As)] = true
	}
	for _, tool := range s.Tools {
		have[tool] = true
	}
	for name := range strings.FieldsSeq(string(names)) {
		if !have[name] {
			links["usr/bin/"+name] = "busybox"
		}
	}
	for _, name := range scriptNames {
		links["bin/"+name] = "../usr/bin/busybox"
	}
	if have["bash"] {
		links["bin/bash"] = "../usr/bin/bash"
	}
	s.Links = links
	return nil
}

// BaseFiles are the account files and names of a system with root alone.
func BaseFiles() []File {
	return []File{
		{Name: "etc/passwd", Mode: 0o644, Content: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"},
		{Name: "etc/group", Mode: 0o644, Content: "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"},
		{Name: "etc/hosts", Mode: 0o644, Content: "127.0.0.1 localhost\n::1 localhost\n"},
	}
}
