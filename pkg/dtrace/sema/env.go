package sema

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// Env is what a program is checked against.
type Env struct {
	Types   TypeSource // nil: only the program's own types
	Library Library    // nil: none
	Probes  ProbeSource
	Options Options
}

// TypeSource finds types outside the program. Scope is a module (vmlinux) or
// "" for anywhere; kind is "typedef", "struct", "union" or "enum".
type TypeSource interface {
	Lookup(scope, kind, name string) *ctype.Type
	// Symbol is the address and type of a kernel variable or function.
	Symbol(scope, name string) (addr uint64, t *ctype.Type, ok bool)
	// Enumerator is the value of a name of any kernel enum.
	Enumerator(name string) (int64, bool)
}

// Library finds the declarations in D of names that a program uses and does not
// declare; "" for a name that it does not know.
type Library func(name string) string

// Probe is a probe as the checker sees it.
type Probe struct {
	ID                           int
	Provider, Module, Func, Name string
	Args                         func() []Arg // of args[]; nil when unknown

	// Guard and Task are expressions in D over the raw arguments: under which
	// condition the probe fires, and whose thread it is when not the current one.
	Guard, Task string

	// Setup is clauses in D that must run for the probe, before its own.
	Setup string
}

// Arg is what args[N] of a probe is.
type Arg struct {
	Type string      // in D, when T is nil
	T    *ctype.Type // of the kernel's own
	From string      // its value in D over the raw arguments; "" is raw argument N
}

// args are what a probe's args[] has.
func (p *Probe) args() []Arg {
	if p.Args == nil {
		return nil
	}
	return p.Args()
}

// ProbeSource finds the probes that a description names.
type ProbeSource interface {
	// Match returns the probes in the order of their ids. The description has
	// between one and four parts, aligned right.
	Match(desc string) ([]*Probe, error)
	ByID(id uint64) *Probe
}

// Options change what the checker accepts and how large things are.
type Options struct {
	StrSize     int  // bytes of a string, its NUL included
	ZeroProbes  bool // -Z: a description that matches nothing is fine
	Empty       bool // an empty program is fine
	StackFrames int
	UStackFrame int
	TupleRegs   int // keys of a variable or aggregation at most, 0 for any number
	Scratch     int // bytes of scratch memory
	Lang        lang.Options
}
