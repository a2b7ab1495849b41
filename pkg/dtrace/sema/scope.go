package sema

import (
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// inline is a named expression.
type inline struct {
	t     *ctype.Type
	value lang.Expr
	keys  []string // names of an inline array's parameters
	types []*ctype.Type
	busy  bool // being expanded: it names itself
}

// checker holds what a program has declared so far.
type checker struct {
	env     *Env
	prog    *ir.Program
	str     *ctype.Type
	tags    map[string]*ctype.Type // "struct foo"
	types   map[string]*ctype.Type // typedefs
	enums   map[string]int64
	globals map[string]*ir.Var
	threads map[string]*ir.Var
	aggs    map[string]*ir.Agg
	inlines map[string]*inline
	params  map[string]ir.Expr // of the inline or translator being expanded
	xlators []*translator
	learnt  map[string]bool // texts of the library
	inSetup bool            // the clauses are not the program's own
	raw     bool            // argN are the raw arguments of what a probe is attached to

	clause *ir.Clause
	locals map[string]*ir.Var
	alloca map[*ir.Var]bool // pointers: into scratch memory or not
	probes []*Probe         // of the clause
	order  order            // what has happened in the clause

	misplaced error // an action that stands in an expression
}

func newChecker(env *Env) *checker {
	return &checker{
		env: env, prog: &ir.Program{}, str: ctype.String(env.Options.StrSize),
		tags: map[string]*ctype.Type{}, types: map[string]*ctype.Type{}, enums: map[string]int64{},
		globals: map[string]*ir.Var{}, threads: map[string]*ir.Var{}, aggs: map[string]*ir.Agg{},
		inlines: map[string]*inline{}, locals: map[string]*ir.Var{}, alloca: map[*ir.Var]bool{},
		learnt: map[string]bool{},
	}
}

func errorf(pos lang.Pos, tag lang.Tag, format string, args ...any) error {
	return lang.Errorf(pos, tag, format, args...)
}

// splitScope cuts mod`name; the scopes C and D are the program's own.
func splitScope(name string) (scope, base string, scoped bool) {
	i := strings.LastIndexByte(name, '`')
	if i < 0 {
		return "", name, false
	}
	scope = strings.TrimRight(name[:i], "`")
	if scope == "C" || scope == "D" {
		return "", name[i+1:], false
	}
	return scope, name[i+1:], true
}

// typedef finds a type by a plain name, nil when there is none.
func (c *checker) typedef(name string) *ctype.Type {
	scope, base, scoped := splitScope(name)
	if !scoped {
		if t := c.types[base]; t != nil {
			return t
		}
		if t := ctype.Builtin(base); t != nil {
			return t
		}
	}
	if isBuiltinName(base) {
		return nil
	}
	if !scoped && c.learn(base) {
		if t := c.types[base]; t != nil {
			return t
		}
	}
	if c.env.Types == nil {
		return nil
	}
	return c.env.Types.Lookup(scope, "typedef", base)
}

// tagged finds struct, union or enum name; a struct or union that nobody knows
// is declared by being named.
func (c *checker) tagged(kind, name string) *ctype.Type {
	scope, base, scoped := splitScope(name)
	if t := c.tags[kind+" "+base]; t != nil && !scoped {
		return t
	}
	if c.env.Types != nil {
		if t := c.env.Types.Lookup(scope, kind, base); t != nil {
			return t
		}
	}
	if !scoped && c.learn(kind+" "+base) {
		return c.tags[kind+" "+base]
	}
	return nil
}
