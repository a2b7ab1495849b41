package sym

import (
	"debug/elf"
	"fmt"
	"os"
	"path"
	"strings"
)

// Object is an executable or library that a process has mapped.
type Object struct {
	Name   string // last part of its path
	Path   string // as the process sees it
	Handle string // a path that leads to the file and to nothing else
	Main   bool   // the program itself
}

// Objects are the files with code that a process has mapped.
func Objects(pid int) ([]Object, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, err
	}
	main, err := os.Stat(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return nil, err
	}
	var all []Object
	seen := map[string]bool{}
	for _, m := range parseMaps(pid, string(text)) {
		if seen[m.key] {
			continue
		}
		seen[m.key] = true
		o := Object{Name: path.Base(m.path), Path: m.path, Handle: m.handle}
		if st, err := os.Stat(m.handle); err == nil {
			o.Main = os.SameFile(st, main)
		}
		all = append(all, o)
	}
	return all, nil
}

// Named reports whether an object is what a pattern of words and dots means:
// libc and libc.so mean libc.so.6 too, and a.out is the program itself.
func (o Object) Named(match func(name string) bool) bool {
	if o.Main && match("a.out") {
		return true
	}
	for name := o.Name; ; {
		if match(name) {
			return true
		}
		dot := strings.LastIndexByte(name, '.')
		if dot <= 0 {
			return false
		}
		name = name[:dot]
	}
}

// Function is a function of an object.
type Function struct {
	Name   string
	Addr   uint64 // virtual address in the file
	Offset uint64 // in the file
	Size   uint64
}

// Functions are the functions that a file defines, by address.
func Functions(e *elf.File) []Function {
	f := readFile(e)
	var all []Function
	for _, s := range f.symbols {
		if off, ok := f.offset(s.addr); ok {
			name, _, _ := strings.Cut(s.name, "@")
			all = append(all, Function{Name: name, Addr: s.addr, Offset: off, Size: s.size})
		}
	}
	return all
}

// FileOffset is where an address of a file's program lies in the file.
func FileOffset(e *elf.File, addr uint64) (uint64, bool) { return readLoads(e).offset(addr) }

// offset is where an address lies in the file.
func (f *file) offset(addr uint64) (uint64, bool) {
	for _, l := range f.loads {
		if addr >= l.Vaddr && addr-l.Vaddr < l.Filesz {
			return addr - l.Vaddr + l.Off, true
		}
	}
	return 0, false
}
