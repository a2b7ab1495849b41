package probe

import (
	"sort"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
)

// Probe is one probe of this host.
type Probe struct {
	ID                           int
	Provider, Module, Func, Name string
	Args                         []*ctype.Type // of args[]
	Attach                       Attach
}

// Attach is how a probe is reached.
type Attach struct {
	Kind   Kind
	Number int   // system call
	Period int64 // of profile and tick: ns between firings, or Hz when negative
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
	Profile // on every CPU
	Tick    // on one
)

// DB is the probes of this host, loaded provider by provider.
type DB struct {
	probes []*Probe
	byName map[string]*Probe
}

// Load lists the probes of all providers, ids in order of their names within a
// provider, so that they are the same at each run.
func Load() (*DB, error) {
	db := &DB{byName: map[string]*Probe{}}
	for _, name := range []string{"BEGIN", "END", "ERROR"} {
		db.add(&Probe{Provider: "dtrace", Name: name, Attach: Attach{Kind: map[string]Kind{"BEGIN": Begin, "END": End, "ERROR": Error}[name]}})
	}
	db.addSyscalls()
	db.addProfiles()
	return db, nil
}

func (db *DB) add(p *Probe) *Probe {
	p.ID = len(db.probes) + 1
	db.probes = append(db.probes, p)
	db.byName[p.String()] = p
	return p
}

// String is the probe's full name.
func (p *Probe) String() string {
	return p.Provider + ":" + p.Module + ":" + p.Func + ":" + p.Name
}

// All lists every probe by id.
func (db *DB) All() []*Probe { return db.probes }

// ByID finds a probe.
func (db *DB) ByID(id uint64) *Probe {
	if id == 0 || id > uint64(len(db.probes)) {
		return nil
	}
	return db.probes[id-1]
}

// Match returns the probes that a description names, by id. Missing parts on
// the left match anything, and so do empty ones.
func (db *DB) Match(desc string) ([]*Probe, error) {
	d, err := ParseDesc(desc)
	if err != nil {
		return nil, err
	}
	var found []*Probe
	for _, p := range db.probes {
		if d.matches(p) {
			found = append(found, p)
		}
	}
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
