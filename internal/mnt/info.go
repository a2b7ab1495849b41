package mnt

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Info is one line of mountinfo as far as pools need it.
type Info struct {
	ID, Parent int
	Device     string // major:minor
	Root       string // directory of the file system that is mounted
	Path       string // where
	ReadOnly   bool
	FSType     string
	Source     string
}

// List reads the mounts of this namespace, in the order they were made.
func List() ([]Info, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	return parse(data), nil
}

func parse(data []byte) []Info {
	all := make([]Info, 0, bytes.Count(data, []byte("\n")))
	for line := range strings.Lines(string(data)) {
		if m, ok := parseLine(line); ok {
			all = append(all, m)
		}
	}
	return all
}

// parseLine reads "36 35 98:0 /root /mnt rw,noatime shared:1 - ext3 /dev/x rw".
func parseLine(line string) (Info, bool) {
	before, after, ok := strings.Cut(line, " - ")
	f, g := strings.Fields(before), strings.Fields(after)
	if !ok || len(f) < 6 || len(g) < 2 {
		return Info{}, false
	}
	id, err := strconv.Atoi(f[0])
	parent, err2 := strconv.Atoi(f[1])
	if err != nil || err2 != nil {
		return Info{}, false
	}
	return Info{
		ID: id, Parent: parent, Device: f[2], Root: unescape(f[3]), Path: unescape(f[4]),
		ReadOnly: f[5] == "ro" || strings.HasPrefix(f[5], "ro,"), FSType: g[0], Source: unescape(g[1]),
	}, true
}

// unescape undoes the kernel's \040 and the like.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// ID is the id of the mount that f lies on.
func ID(f *os.File) (int, error) {
	var st unix.Statx_t
	if err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &st); err != nil {
		return 0, &os.PathError{Op: "statx", Path: f.Name(), Err: err}
	}
	return int(st.Mnt_id), nil
}
