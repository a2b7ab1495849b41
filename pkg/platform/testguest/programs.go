package testguest

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/platform"
)

// hostPrograms are this host's that every guest has, as far as they are here.
// What is not among them busybox gives.
var hostPrograms = []string{"bash", "ip", "bridge", "nft", "nsenter", "unshare", "losetup", "mkfs.btrfs", "btrfs", "dnsmasq", "ping"}

// HostPrograms are programs of this host by name, those that it has.
func HostPrograms(names ...string) []platform.Program {
	var all []platform.Program
	for _, name := range names {
		if file, err := exec.LookPath(name); err == nil {
			all = append(all, platform.Program{Path: file, As: "/usr/bin/" + name})
		}
	}
	return all
}

// userland adds busybox with its names and hostPrograms to o.
func userland(o *Options) error {
	o.Programs = slices.Concat(o.Programs, HostPrograms(hostPrograms...))
	o.Files = slices.Concat(o.Files, []platform.File{
		{Name: "etc/passwd", Mode: 0o644, Content: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"},
		{Name: "etc/group", Mode: 0o644, Content: "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"},
		{Name: "etc/hosts", Mode: 0o644, Content: "127.0.0.1 localhost\n::1 localhost\n"},
	})
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	names, err := exec.Command(busybox, "--list").Output()
	if err != nil {
		return err
	}
	o.Programs = append(o.Programs, platform.Program{Path: busybox, As: "/usr/bin/busybox"})
	links := maps.Clone(o.Links)
	if links == nil {
		links = map[string]string{}
	}
	have := map[string]bool{"init": true, "modprobe": true, "busybox": true}
	for _, p := range o.Programs {
		have[filepath.Base(p.As)] = true
	}
	for name := range strings.FieldsSeq(string(names)) {
		if !have[name] {
			links["usr/bin/"+name] = "busybox"
		}
	}
	// Scripts name these.
	links["bin/sh"] = "../usr/bin/busybox"
	if have["bash"] {
		links["bin/bash"] = "../usr/bin/bash"
	}
	for _, name := range []string{"true", "false", "sleep", "cat", "ls", "echo", "busybox"} {
		links["bin/"+name] = "../usr/bin/busybox"
	}
	o.Links = links
	return nil
}
