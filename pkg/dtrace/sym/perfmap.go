package sym

import (
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// maxPerfMap bounds what is read of a file that a process writes about itself.
const maxPerfMap = 64 << 20

// perfMap is what a process with a just-in-time compiler tells of its code: the
// file /tmp/perf-PID.map of its own view, with the pid as it knows it.
func perfMap(pid int) table {
	root, err := unix.Open(fmt.Sprintf("/proc/%d/root", pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(root)
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK, // no pipe shall hold us
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	}
	fd, err := unix.Openat2(root, fmt.Sprintf("tmp/perf-%d.map", innerPid(pid)), &how)
	if err != nil {
		return nil
	}
	f := os.NewFile(uintptr(fd), "perf.map")
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(f, maxPerfMap))
	if err != nil {
		return nil
	}
	return parsePerfMap(string(text))
}

// innerPid is a process's id as it knows it itself.
func innerPid(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return pid
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "NSpid:"); ok {
			f := strings.Fields(rest)
			if n, err := strconv.Atoi(f[len(f)-1]); err == nil {
				return n
			}
		}
	}
	return pid
}

// parsePerfMap reads lines of START SIZE NAME, the numbers in hex. What was
// compiled anew stands further down and counts.
func parsePerfMap(text string) table {
	var t table
	for line := range strings.Lines(text) {
		start, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		size, name, ok := strings.Cut(rest, " ")
		addr, err1 := strconv.ParseUint(strings.TrimPrefix(start, "0x"), 16, 64)
		n, err2 := strconv.ParseUint(strings.TrimPrefix(size, "0x"), 16, 64)
		if ok && err1 == nil && err2 == nil && name != "" && n > 0 {
			t = append(t, symbol{addr: addr, size: n, name: name})
		}
	}
	sort.SliceStable(t, func(i, j int) bool { return t[i].addr < t[j].addr })
	last := t[:0]
	for _, s := range t {
		if len(last) > 0 && last[len(last)-1].addr == s.addr {
			last[len(last)-1] = s
			continue
		}
		last = append(last, s)
	}
	return last
}
