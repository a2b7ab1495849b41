package sym

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path"
	"sort"
	"strconv"
	"strings"
)

// User names the addresses of processes.
type User struct {
	processes map[int][]mapping
	files     map[string]*file    // by device, inode and name
	open      map[string]*os.File // of remembered processes: their ends take away the way there
	jits      map[int]table
}

// Remember takes note of what a process has mapped, so that its addresses have
// names after its end too.
func (u *User) Remember(pid int) {
	u.mapping(pid, 0)
	for _, m := range u.processes[pid] {
		if u.files[m.key] != nil || u.open[m.key] != nil {
			continue
		}
		f, err := os.Open(m.handle)
		if err != nil {
			continue // stays a number
		}
		if u.open == nil {
			u.open = map[string]*os.File{}
		}
		u.open[m.key] = f
	}
}

// Close lets go of what is remembered.
func (u *User) Close() error {
	var errs []error
	for _, f := range u.open {
		errs = append(errs, f.Close())
	}
	u.open = nil
	return errors.Join(errs...)
}

// mapping is one line of /proc/PID/maps that has code of a file.
type mapping struct {
	from, to, offset uint64
	path, key        string
	handle           string // in /proc/PID/map_files: no path of a zone is followed
}

// file is the symbols of a file by their virtual address.
type file struct {
	loads   []elf.ProgHeader
	symbols table
}

// Lookup names an address of a process.
func (u *User) Lookup(pid int, addr uint64) Name {
	n := Name{Addr: addr}
	m, ok := u.mapping(pid, addr)
	if !ok {
		return u.compiled(pid, n)
	}
	n.Module = path.Base(m.path)
	f := u.file(m)
	at := addr - m.from + m.offset
	for _, l := range f.loads {
		if at < l.Off || at-l.Off >= l.Filesz {
			continue
		}
		v := at - l.Off + l.Vaddr
		if s, ok := f.symbols.find(v); ok {
			n.Symbol, n.Offset = s.name, v-s.addr
		}
		return n
	}
	return n
}

// compiled names an address of code that a process has made itself.
func (u *User) compiled(pid int, n Name) Name {
	t, ok := u.jits[pid]
	s, found := t.find(n.Addr)
	if !ok || !found { // it may have made more
		t = perfMap(pid)
		if u.jits == nil {
			u.jits = map[int]table{}
		}
		if t != nil || !ok {
			u.jits[pid] = t
		}
		s, found = t.find(n.Addr)
	}
	if found {
		n.Module, n.Symbol, n.Offset = "perf-"+strconv.Itoa(pid)+".map", s.name, n.Addr-s.addr
	}
	return n
}

// mapping finds what an address is in; a process that has mapped more since it
// was last read is read again.
func (u *User) mapping(pid int, addr uint64) (mapping, bool) {
	if m, ok := search(u.processes[pid], addr); ok {
		return m, true
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return mapping{}, false
	}
	if u.processes == nil {
		u.processes = map[int][]mapping{}
	}
	u.processes[pid] = parseMaps(pid, string(text))
	return search(u.processes[pid], addr)
}

func search(list []mapping, addr uint64) (mapping, bool) {
	i := sort.Search(len(list), func(i int) bool { return list[i].to > addr })
	if i == len(list) || addr < list[i].from {
		return mapping{}, false
	}
	return list[i], true
}

// parseMaps reads FROM-TO PERMS OFFSET DEVICE INODE PATH.
func parseMaps(pid int, text string) []mapping {
	var list []mapping
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 6 || !strings.HasPrefix(f[5], "/") || len(f[1]) < 3 || f[1][2] != 'x' {
			continue
		}
		a, b, _ := strings.Cut(f[0], "-")
		from, err1 := strconv.ParseUint(a, 16, 64)
		to, err2 := strconv.ParseUint(b, 16, 64)
		off, err3 := strconv.ParseUint(f[2], 16, 64)
		if err1 != nil || err2 != nil || err3 != nil {
			continue
		}
		list = append(list, mapping{
			from: from, to: to, offset: off, path: f[5], key: f[3] + " " + f[4] + " " + f[5],
			handle: fmt.Sprintf("/proc/%d/map_files/%x-%x", pid, from, to), // maps pads the numbers
		})
	}
	return list
}

func (u *User) file(m mapping) *file {
	if f, ok := u.files[m.key]; ok {
		return f
	}
	if u.files == nil {
		u.files = map[string]*file{}
	}
	f := &file{}
	if kept := u.open[m.key]; kept != nil {
		if e, err := elf.NewFile(kept); err == nil {
			f = readFile(e)
		}
	} else if e, err := elf.Open(m.handle); err == nil {
		f = readFile(e)
		e.Close()
	}
	u.files[m.key] = f
	return f
}

func readLoads(e *elf.File) *file {
	f := &file{}
	for _, p := range e.Progs {
		if p.Type == elf.PT_LOAD {
			f.loads = append(f.loads, p.ProgHeader)
		}
	}
	return f
}

// readFile takes what an ELF file says of its functions.
func readFile(e *elf.File) *file {
	f := readLoads(e)
	for _, read := range []func() ([]elf.Symbol, error){e.Symbols, e.DynamicSymbols} {
		list, err := read()
		if err != nil { // none of this kind
			continue
		}
		for _, s := range list {
			if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section != elf.SHN_UNDEF {
				f.symbols = append(f.symbols, symbol{addr: s.Value, size: s.Size, name: s.Name})
			}
		}
	}
	sort.SliceStable(f.symbols, func(i, j int) bool { return f.symbols[i].addr < f.symbols[j].addr })
	return f
}
