package probe

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"sort"
	"strings"

	"golang.org/x/sys/unix"
)

// openTracefs opens the root of the kernel's tracing files in a mount of our
// own that is nowhere in the tree and ends with its descriptor.
func openTracefs() (*os.File, error) {
	fs, err := unix.Fsopen("tracefs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		return nil, err
	}
	fd, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "tracefs"), nil
}

// readTracefs reads one of the kernel's tracing files.
func readTracefs(name string) ([]byte, error) {
	root, err := openTracefs()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	fd, err := unix.Openat(int(root.Fd()), name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	return io.ReadAll(f)
}

// event is a tracepoint by its subsystem and name.
type event struct{ group, name string }

// events lists the kernel's tracepoints.
func events(db *DB) []event {
	if text, err := readTracefs("available_events"); err == nil {
		return parseEvents(text)
	}
	types, err := db.Kernel.Types()
	if err != nil {
		return nil
	}
	var list []event
	for _, name := range types.Tracepoints() {
		list = append(list, event{"vmlinux", name})
	}
	return list
}

// parseEvents reads lines of GROUP:NAME. Those of system calls are no
// tracepoints, and some groups are other people's probes.
func parseEvents(text []byte) []event {
	var list []event
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		group, name, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if !ok || group == "syscalls" || group == "ftrace" || strings.HasSuffix(group, "probes") {
			continue
		}
		list = append(list, event{group, name})
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		return a.group < b.group || a.group == b.group && a.name < b.name
	})
	return list
}

// rawTracepoints lists rawtp:GROUP::NAME.
func rawTracepoints(db *DB) []*Probe {
	var list []*Probe
	for _, e := range events(db) {
		name := e.name
		list = append(list, &Probe{
			Provider: "rawtp", Module: e.group, Name: name, Attach: Attach{Kind: RawTP, Event: name},
			args: func() []Arg { return db.kernelArgs(name) },
		})
	}
	return list
}

// kernelArgs are a tracepoint's arguments with the kernel's own types.
func (db *DB) kernelArgs(tracepoint string) []Arg {
	params, ok := db.Kernel.Tracepoint(tracepoint)
	if !ok {
		return nil
	}
	args := make([]Arg, len(params))
	for i, t := range params {
		args[i].T = t
	}
	return args
}
