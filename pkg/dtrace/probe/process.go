package probe

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/sym"
)

// DescError is what is wrong with a description; Tag is its kind.
type DescError struct{ Tag, Msg string }

func (e *DescError) Error() string { return e.Msg }

// ErrorTag is the kind.
func (e *DescError) ErrorTag() string { return e.Tag }

// splitPid cuts the process id from the end of a provider's name: pid123.
func splitPid(provider string) (prefix string, pid int, ok bool) {
	prefix = strings.TrimRight(provider, "0123456789")
	pid, err := strconv.Atoi(provider[len(prefix):])
	return prefix, pid, err == nil && pid > 0 && prefix != ""
}

// process makes the probes of a process that a description names: those of its
// functions, and those that its authors put in.
func (db *DB) process(d Desc) ([]*Probe, error) {
	prefix, pid, ok := splitPid(d.Provider)
	if !ok {
		return nil, nil
	}
	objects, err := sym.Objects(pid)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &DescError{"D_PROC_GRAB", fmt.Sprintf("failed to grab process %d: no such process", pid)}
	} else if err != nil {
		return nil, &DescError{"D_PROC_GRAB", fmt.Sprintf("failed to grab process %d: %v", pid, err)}
	}
	var found []*Probe
	for _, o := range objects {
		if d.Module != "" && !o.Named(func(name string) bool { return matchPart(d.Module, name) }) {
			continue
		}
		f, err := elf.Open(o.Handle)
		if err != nil { // no program: a font, or gone
			continue
		}
		site := processSite{pid: pid, object: o, file: f, desc: d}
		if matchPart(prefix, "pid") {
			err = db.functions(site, &found)
		}
		if err == nil {
			db.marks(site, prefix, &found)
		}
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// processSite is where probes of a process are looked for.
type processSite struct {
	pid    int
	object sym.Object
	file   *elf.File
	desc   Desc
}

// once adds a probe, or finds the one of that name that is there already.
func (db *DB) once(p *Probe, found *[]*Probe) {
	if old := db.byName[p.String()]; old != nil {
		p = old
	} else {
		db.add(p)
	}
	if !slices.Contains(*found, p) {
		*found = append(*found, p)
	}
}

// functions adds pidNNN:OBJECT:FUNCTION:entry, return and offsets.
func (db *DB) functions(s processSite, found *[]*Probe) error {
	name := s.desc.Name
	if name != "" && !isGlob(name) && name != "entry" && name != "return" {
		if _, err := strconv.ParseUint(name, 16, 32); err != nil {
			return &DescError{"D_PROC_NAME", fmt.Sprintf("'%s' is an invalid probe name", name)}
		}
	}
	if s.desc.Func == "-" {
		return &DescError{"D_PROC_NAME", "probes at absolute offsets (function \"-\") are not supported: name the function"}
	}
	for _, f := range sym.Functions(s.file) {
		if !matchPart(s.desc.Func, f.Name) {
			continue
		}
		p := Probe{Provider: "pid" + strconv.Itoa(s.pid), Module: s.object.Name, Func: f.Name}
		site := Site{Pid: s.pid, File: s.object.Handle, Offset: f.Offset}
		for name, kind := range map[string]Kind{"entry": Enter, "return": Leave} {
			if matchPart(s.desc.Name, name) {
				one := p
				one.Name, one.Attach = name, Attach{Kind: kind, Site: site}
				db.once(&one, found)
			}
		}
		if err := db.offsets(s, f, p, found); err != nil {
			return err
		}
	}
	return nil
}

// offsets adds the instructions of a function that a description names by their
// offset in hex; nothing means all of them.
func (db *DB) offsets(s processSite, f sym.Function, p Probe, found *[]*Probe) error {
	name := s.desc.Name
	if name == "entry" || name == "return" || f.Size == 0 {
		return nil
	}
	code := make([]byte, f.Size)
	if n, err := readAt(s.file, f.Addr, code); err != nil || n < len(code) {
		return nil // not in the file: nothing to attach to
	}
	starts, ok := instructions(code)
	if !ok {
		if isGlob(name) || name == "" {
			return nil
		}
		return &DescError{"D_PROC_OFF", fmt.Sprintf("failed to create probe at offset %s of %s: its code cannot be told from data", name, f.Name)}
	}
	for _, at := range starts {
		one := p
		one.Name = strconv.FormatUint(uint64(at), 16)
		if !matchPart(name, one.Name) {
			continue
		}
		one.Attach = Attach{Kind: Enter, Site: Site{Pid: s.pid, File: s.object.Handle, Offset: f.Offset + uint64(at)}}
		db.once(&one, found)
	}
	return nil
}

// readAt reads a file's program at an address.
func readAt(f *elf.File, addr uint64, b []byte) (int, error) {
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && addr >= p.Vaddr && addr-p.Vaddr < p.Filesz {
			return p.ReadAt(b, int64(addr-p.Vaddr))
		}
	}
	return 0, os.ErrNotExist
}

// marks adds PROVIDERNNN:OBJECT:FUNCTION:NAME for every systemtap note. The two
// underscores in a name stand for a dash.
func (db *DB) marks(s processSite, prefix string, found *[]*Probe) {
	notes, err := readNotes(s.file)
	if err != nil || len(notes) == 0 {
		return
	}
	functions := sym.Functions(s.file)
	same := map[string]int{}
	for _, n := range notes {
		p := &Probe{
			Provider: n.provider + strconv.Itoa(s.pid), Module: s.object.Name,
			Func: functionAt(functions, n.addr), Name: strings.ReplaceAll(n.name, "__", "-"),
			Attach: Attach{Kind: Marked, Site: Site{Pid: s.pid, File: s.object.Handle, Operands: n.operands}},
		}
		if !matchPart(prefix, n.provider) || !matchPart(s.desc.Func, p.Func) || !matchPart(s.desc.Name, p.Name) {
			continue
		}
		off, ok := sym.FileOffset(s.file, n.addr)
		if !ok {
			continue
		}
		p.Attach.Offset = off
		if n.semaphore != 0 {
			if p.Attach.Semaphore, ok = sym.FileOffset(s.file, n.semaphore); !ok {
				continue
			}
		}
		p.Args = noteArgs(n.operands)
		if at := same[p.String()]; at > 0 { // another place of the same probe
			*found = append(*found, db.add(p))
		} else {
			db.once(p, found)
		}
		same[p.String()]++
	}
}

func functionAt(list []sym.Function, addr uint64) string {
	for _, f := range list {
		if addr >= f.Addr && addr-f.Addr < max(f.Size, 1) {
			return f.Name
		}
	}
	return ""
}
