// Package ir is a checked D program: names resolved, types settled, every
// conversion explicit. Package sema makes it, package gen turns it into eBPF,
// package consume prints by it. It is plain data.
package ir

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// Program is all clauses of one run, in the order of the command line.
type Program struct {
	Clauses []*Clause
	Globals []*Var // and self-> variables
	Locals  []*Var // this-> variables: shared by the clauses of one firing
	Aggs    []*Agg
	Needs   Needs

	Probes   map[int]*Probe  // by id, those that are more than what they are attached to
	TaskVars map[string]Expr // built-in variables in terms of curthread, for Probe.Task
}

// Probe is what a probe makes of the raw arguments, the built-in variables
// "raw", of what it is attached to.
type Probe struct {
	Guard Expr         // it fires only when this holds; nil for always
	Task  Expr         // the thread that it speaks of; nil for the current one
	Args  map[int]Expr // values of args[] and argN that are not the raw ones
}

// Needs says what a program asks of its surroundings beyond the minimum.
type Needs struct {
	Destructive bool
	Speculation bool
}

// Clause is one clause with the probes it is enabled on.
type Clause struct {
	ID     int // from 0
	Pos    lang.Pos
	Desc   string // its probes as they were written, in full
	Probes []int  // ids
	Pred   Expr   // nil for none
	Body   []Stmt
	Setup  bool // not of the program's own: what a probe or variable needs
}

// Scope is where a variable lives.
type Scope int

// The scopes.
const (
	Global Scope = iota
	Thread       // self->
	Local        // this->
)

// Var is a variable of the program's own.
type Var struct {
	Name  string
	Scope Scope
	Type  *ctype.Type
	Keys  []*ctype.Type // of an associative array, nil for a scalar
	Index int           // among its kind, from 0
	Size  int           // bytes that a value takes
}

// Agg is an aggregation.
type Agg struct {
	Name  string // without the @
	Fn    AggFunc
	Keys  []*ctype.Type
	Index int
	Pos   lang.Pos
	Args  [4]int64 // lquantize: base, limit, step; llquantize: factor, low, high, steps
	Sign  bool     // values are signed
	Used  bool
}

// AggFunc is an aggregating function.
type AggFunc string

// The aggregating functions.
const (
	Count      AggFunc = "count"
	Sum        AggFunc = "sum"
	Min        AggFunc = "min"
	Max        AggFunc = "max"
	Avg        AggFunc = "avg"
	Stddev     AggFunc = "stddev"
	Quantize   AggFunc = "quantize"
	Lquantize  AggFunc = "lquantize"
	Llquantize AggFunc = "llquantize"
)

// Expr is a typed expression. One of an integer or pointer type has a value in
// a register; one of a string, struct, union or array type has an address.
type Expr interface{ Type() *ctype.Type }

// Typed is what all expressions have in common.
type Typed struct{ T *ctype.Type }

// Type is the expression's type.
func (t Typed) Type() *ctype.Type { return t.T }

// Space is the memory that an address points into.
type Space int

// The spaces.
const (
	Kernel Space = iota
	User
	Own // D's: variables, scratch memory, constants
)

// The expressions.
type (
	// Const is an integer.
	Const struct {
		Typed
		V int64
	}
	// Str is a string constant.
	Str struct {
		Typed
		S string
	}
	// VarRef is the value of a variable, or of an associative array's element.
	VarRef struct {
		Typed
		V    *Var
		Keys []Expr
	}
	// Builtin is a variable that D itself knows; Arg is the index of args[],
	// uregs[] and the like.
	Builtin struct {
		Typed
		Name string
		Arg  Expr
	}
	// Unary is -X, ~X or !X.
	Unary struct {
		Typed
		Op string
		X  Expr
	}
	// Binary is an arithmetic operation; both sides have its type.
	Binary struct {
		Typed
		Op   string
		X, Y Expr
		Pos  lang.Pos
	}
	// Compare yields 0 or 1; both sides have the same type, strings too.
	Compare struct {
		Typed
		Op   string
		X, Y Expr
	}
	// Logic is && || ^^ of truth values, lazy but for ^^.
	Logic struct {
		Typed
		Op   string
		X, Y Expr
	}
	// Cond is If ? Then : Else.
	Cond struct {
		Typed
		If, Then, Else Expr
	}
	// Convert makes an integer another width, or a pointer an integer.
	Convert struct {
		Typed
		X Expr
	}
	// ToString makes a string of an address of characters.
	ToString struct {
		Typed
		X     Expr
		Space Space
		Max   int // bytes, 0 for the string size
	}
	// Load reads from Addr + Off. For a struct or array it is the address
	// itself. Bits > 0 is a bit-field.
	Load struct {
		Typed
		Addr         Expr
		Off          int
		Shift, Bits  int
		Unit         int // bytes that a bit-field is read with, 0 for its type's
		Space        Space
		Pos          lang.Pos
		NoFaultCheck bool
	}
	// Addr is the address of what X loads.
	Addr struct {
		Typed
		X Expr
	}
	// Assign stores X in L, a VarRef or a Load of Own memory; its value is X.
	Assign struct {
		Typed
		L, X Expr
	}
	// Step is ++ or -- on L; Prefix tells which value it has.
	Step struct {
		Typed
		L      Expr
		By     int64
		Prefix bool
	}
	// Comma is X for its effect, then Y.
	Comma struct {
		Typed
		X, Y Expr
	}
	// Call is a subroutine.
	Call struct {
		Typed
		Fn   string
		Args []Expr
		Pos  lang.Pos
	}
)

// Stmt is a statement.
type Stmt interface{ stmt() }

// The statements.
type (
	// Eval is an expression for its effect.
	Eval struct{ X Expr }
	// If runs Then or Else.
	If struct {
		Cond       Expr
		Then, Else []Stmt
	}
	// Action is a tracing action: a record, or a command to the consumer.
	Action struct {
		Kind string // trace, printf, printa, stack, ustack, exit, clear ...
		Args []Expr
		Fmt  string // format of printf, printa, system, freopen
		Aggs []*Agg
		Num  [3]int64 // constant arguments: frames, size
		Pos  lang.Pos
	}
	// Aggregate adds to an aggregation.
	Aggregate struct {
		Agg  *Agg
		Keys []Expr
		Args []Expr
		Pos  lang.Pos
	}
)

func (*Eval) stmt()      {}
func (*If) stmt()        {}
func (*Action) stmt()    {}
func (*Aggregate) stmt() {}

// Width is the bytes that are read.
func (l *Load) Width() int {
	if l.Unit > 0 {
		return l.Unit
	}
	return l.T.Bytes()
}
