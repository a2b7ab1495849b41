package probe

import (
	"sort"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/btf"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
)

// Probe is one probe of this host.
type Probe struct {
	ID                           int
	Provider, Module, Func, Name string
	Args                         []Arg // of args[]; Arguments has them all
	Attach                       Attach

	// Guard is a condition in D under which what the probe is attached to is the
	// probe, and Task the thread that it speaks of where that is not the current
	// one. Both are over the raw arguments arg0, arg1 ...
	Guard, Task string

	// Setup is clauses in D that must run for the probe, before its own.
	Setup string

	args func() []Arg // of many probes: made when asked for
}

// Arg is what args[N] of a probe is.
type Arg struct {
	Type string      // in D, when T is nil
	T    *ctype.Type // of the kernel's own
	From string      // its value in D over the raw arguments; "" is raw argument N
}

// Arguments are what args[] has.
func (p *Probe) Arguments() []Arg {
	if p.Args == nil && p.args != nil {
		p.Args = p.args()
	}
	return p.Args
}

// Attach is how a probe is reached.
type Attach struct {
	Kind   Kind
	Number int    // system call
	Period int64  // of profile and tick: ns between firings, or Hz when negative
	Event  string // tracepoint, or GROUP/NAME of a Recorded one
	Counter

	Site // of a probe in a process
}

// Site is a place in the code of a process.
type Site struct {
	Pid       int
	File      string // a path to the program or library
	Offset    uint64 // in the file
	Semaphore uint64 // offset of what counts who listens, 0 for none
	Operands  string // where the arguments are, as a systemtap note tells
}

// Kind is a way to attach.
type Kind int

// The ways.
const (
	Begin Kind = iota
	End
	Error
	SyscallEntry
	SyscallReturn
	Profile       // on every CPU
	Tick          // on one
	RawTP         // a tracepoint with its arguments as the kernel passes them
	Recorded      // a tracepoint with the record that the kernel would write
	Count         // a counter of the processor or the kernel, on every CPU
	Enter         // a place in a process, where a function begins or in its midst
	Leave         // where a function of a process returns
	FunctionEnter // where a function of the kernel begins
	FunctionLeave // where it returns
	Marked        // a probe that a program's author put there
)

// DB is the probes of this host, loaded provider by provider.
type DB struct {
	Kernel *btf.Kernel

	probes []*Probe
	byID   map[uint64]*Probe
	byName map[string]*Probe
	nextID int
	lazy   []*lazyProvider
}

// Load lists the probes of all providers, ids in order of their names within a
// provider, so that they are the same at each run. Providers of many probes are
// listed when a description may mean theirs.
func Load() (*DB, error) {
	db := &DB{Kernel: btf.Running(), byName: map[string]*Probe{}, byID: map[uint64]*Probe{}, nextID: 1}
	for _, name := range []string{"BEGIN", "END", "ERROR"} {
		db.add(&Probe{Provider: "dtrace", Name: name, Attach: Attach{Kind: map[string]Kind{"BEGIN": Begin, "END": End, "ERROR": Error}[name]}})
	}
	db.addSyscalls()
	db.addProfiles()
	db.addStatic()
	db.addTick()
	db.addCounters()
	db.lazy = lazyProviders()
	db.nextID = firstMade
	return db, nil
}

func (db *DB) add(p *Probe) *Probe {
	p.ID = db.nextID
	db.nextID++
	db.probes = append(db.probes, p)
	db.byID[uint64(p.ID)] = p
	db.byName[p.String()] = p
	return p
}

// String is the probe's full name.
func (p *Probe) String() string {
	return p.Provider + ":" + p.Module + ":" + p.Func + ":" + p.Name
}

// All lists every probe by id.
func (db *DB) All() []*Probe {
	for _, l := range db.lazy {
		db.list(l)
	}
	sort.Slice(db.probes, func(i, j int) bool { return db.probes[i].ID < db.probes[j].ID })
	return db.probes
}

// ByID finds a probe.
func (db *DB) ByID(id uint64) *Probe {
	for _, l := range db.lazy {
		if id >= uint64(l.first) && id < uint64(l.first+idRange) {
			db.list(l)
		}
	}
	return db.byID[id]
}

// Match returns the probes that a description names, by id. Missing parts on
// the left match anything, and so do empty ones.
func (db *DB) Match(desc string) ([]*Probe, error) {
	d, err := ParseDesc(desc)
	if err != nil {
		return nil, err
	}
	var found []*Probe
	for _, l := range db.lazy {
		if l.may(d) {
			db.list(l)
		}
	}
	for _, p := range db.probes {
		if d.matches(p) {
			found = append(found, p)
		}
	}
	inProcess, err := db.process(d)
	if err != nil {
		return nil, err
	}
	found = append(found, inProcess...)
	if made := db.make(d); made != nil {
		found = append(found, made)
	}
	sort.Slice(found, func(i, j int) bool { return found[i].ID < found[j].ID })
	return found, nil
}

// Desc is a probe description.
type Desc struct{ Provider, Module, Func, Name string }

// ParseDesc reads provider:module:function:name, aligned right.
func ParseDesc(s string) (Desc, error) {
	parts := strings.Split(s, ":")
	if len(parts) == 5 && parts[0] == "" {
		parts = parts[1:]
	}
	if len(parts) > 4 {
		return Desc{}, errTooManyParts
	}
	for len(parts) < 4 {
		parts = append([]string{""}, parts...)
	}
	return Desc{parts[0], parts[1], parts[2], parts[3]}, nil
}

func (d Desc) matches(p *Probe) bool {
	return matchPart(d.Provider, p.Provider) && matchPart(d.Module, p.Module) &&
		matchPart(d.Func, p.Func) && matchPart(d.Name, p.Name)
}

// matchPart is sh's pattern matching; an empty pattern matches anything.
func matchPart(pattern, s string) bool {
	return pattern == "" || glob(pattern, s)
}
