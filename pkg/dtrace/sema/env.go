package sema

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// Env is what a program is checked against.
type Env struct {
	Types   TypeSource // nil: only the program's own types
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

// Probe is a probe as the checker sees it.
type Probe struct {
	ID                           int
	Provider, Module, Func, Name string
	Args                         []*ctype.Type // of args[]; nil when unknown
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
	Lang        lang.Options
}
