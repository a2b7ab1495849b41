package target

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// maxTouched bounds how much of a program is brought in.
const maxTouched = 32 << 20

// touch brings the constants and data of a process's program and libraries into
// its memory. Probes can only read what is there, and a program that has just
// begun has little: the string that its first system call names would be
// missing.
func touch(pid int) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return
	}
	defer mem.Close()
	left, buf := int64(maxTouched), make([]byte, 64<<10)
	for _, r := range dataRanges(string(maps)) {
		for at := r[0]; at < r[1] && left > 0; {
			n, err := mem.ReadAt(buf[:min(int64(len(buf)), r[1]-at)], at)
			if n == 0 || err != nil {
				break // beyond the end of the file
			}
			at, left = at+int64(n), left-int64(n)
		}
	}
}

// dataRanges are the ranges of a process's memory that files with no code fill:
// lines of FROM-TO PERMS OFFSET DEVICE INODE PATH.
func dataRanges(maps string) [][2]int64 {
	var list [][2]int64
	for line := range strings.Lines(maps) {
		f := strings.Fields(line)
		if len(f) < 6 || !strings.HasPrefix(f[5], "/") || len(f[1]) < 3 || f[1][0] != 'r' || f[1][2] == 'x' {
			continue
		}
		a, b, _ := strings.Cut(f[0], "-")
		from, err1 := strconv.ParseInt(a, 16, 64)
		to, err2 := strconv.ParseInt(b, 16, 64)
		if err1 == nil && err2 == nil && from < to {
			list = append(list, [2]int64{from, to})
		}
	}
	return list
}
