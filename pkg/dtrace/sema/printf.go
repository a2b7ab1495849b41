package sema

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/format"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

const (
	tagFmtEmpty lang.Tag = "D_PRINTF_FMT_EMPTY"
	tagArgFmt   lang.Tag = "D_PRINTF_ARG_FMT"
	tagDynProto lang.Tag = "D_PRINTF_DYN_PROTO"
	tagDynType  lang.Tag = "D_PRINTF_DYN_TYPE"
	tagAggConv  lang.Tag = "D_PRINTF_AGG_CONV"
	tagArgProto lang.Tag = "D_PRINTF_ARG_PROTO"
	tagArgType  lang.Tag = "D_PRINTF_ARG_TYPE"
	tagArgExtra lang.Tag = "D_PRINTF_ARG_EXTRA"
)

// formatArg is the constant format of printf and its kin.
func (c *checker) formatArg(name string, call *lang.Call) ([]format.Part, string, error) {
	if err := countArgs(call, name, 1, -1); err != nil {
		return nil, "", err
	}
	s, ok := call.Args[0].(*lang.StringLit)
	if !ok {
		return nil, "", c.notFormat(name, call)
	}
	switch {
	case name == "freopen" && s.Value == ".":
		return nil, "", errorf(call.Pos, "D_FREOPEN_INVALID", "freopen( ) argument #1 cannot be \".\"")
	case name != "freopen" && s.Value == "":
		return nil, "", errorf(call.Pos, tagFmtEmpty, "%s( ) format string is empty", name)
	}
	parts, err := format.Parse(s.Value)
	if err != nil {
		return nil, "", errorf(call.Pos, lang.TagSyntax, "%v", err)
	}
	return parts, s.Value, nil
}

// argumentFirst is an argument's own error, which counts more than one of the
// format.
func (c *checker) argumentFirst(call *lang.Call, err error) error {
	for _, x := range call.Args {
		if _, bad := c.argExpr(x); bad != nil {
			return bad
		}
	}
	return err
}

// notFormat is a format that is no string, or none that is constant.
func (c *checker) notFormat(name string, call *lang.Call) error {
	e, err := c.argExpr(call.Args[0])
	switch {
	case err != nil:
		return err
	case !e.Type().IsString():
		return mismatch(call.Pos, name, 1, param{aString, "string"}, e)
	}
	return errorf(call.Pos, tagArgFmt, "%s( ) argument #1 is incompatible with prototype:\n\tprototype: string constant\n\t argument: %s", name, typeName(e.Type()))
}

func (c *checker) printfAction(name string, call *lang.Call) (ir.Stmt, error) {
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	parts, text, err := c.formatArg(name, call)
	if err != nil {
		return nil, c.argumentFirst(call, err)
	}
	f := formatting{c: c, name: name, call: call, next: 1}
	for _, p := range parts {
		if err := f.part(p); err != nil {
			return nil, err
		}
	}
	if f.next < len(call.Args) {
		return nil, errorf(call.Pos, tagArgExtra, "%s( ) prototype mismatch: only %d arguments required by this format string", name, f.next-1)
	}
	return &ir.Action{Kind: name, Fmt: text, Args: f.args, Pos: call.Pos}, nil
}

// formatting checks the arguments of one format, conversion by conversion.
type formatting struct {
	c    *checker
	name string
	call *lang.Call
	next int
	args []ir.Expr
}

func (f *formatting) part(p format.Part) error {
	if p.Verb == 0 || p.Verb == '%' {
		return nil
	}
	if p.Agg {
		return errorf(f.call.Pos, tagAggConv, "%%@ conversion requires an aggregation and is not for use with %s( )", f.name)
	}
	if p.StarWidth {
		if err := f.star(p, "*"); err != nil {
			return err
		}
	}
	if p.StarPrec {
		if err := f.star(p, ".*"); err != nil {
			return err
		}
	}
	if f.next >= len(f.call.Args) {
		return errorf(f.call.Pos, tagArgProto, "%s( ) prototype mismatch: conversion #%d (%%%s) is missing a corresponding value argument", f.name, p.N, p.Name())
	}
	e, err := f.c.argExpr(f.call.Args[f.next])
	if err != nil {
		return err
	}
	f.next++
	if !fits(p, e.Type()) {
		return f.wrongType(f.next, p, e.Type())
	}
	if (p.Verb == 's' || p.Verb == 'S') && e.Type().IsStringLike() {
		e = f.c.toString(e)
	}
	f.args = append(f.args, e)
	return nil
}

// wrongType is an argument that its conversion cannot show.
func (f *formatting) wrongType(n int, p format.Part, t *ctype.Type) error {
	return errorf(f.call.Pos, tagArgType, "%s( ) argument #%d is incompatible with conversion #%d prototype:\n\tconversion: %%%s\n\t prototype: %s\n\t  argument: %s",
		f.name, n, p.N, p.Name(), p.Wants(), typeName(t))
}

// star is the argument of a width or precision that is given as one.
func (f *formatting) star(p format.Part, what string) error {
	if f.next >= len(f.call.Args) {
		return errorf(f.call.Pos, tagDynProto, "%s( ) prototype mismatch: conversion #%d (%%%s) is missing a corresponding \"%s\" argument", f.name, p.N, p.Name(), what)
	}
	e, err := f.c.argExpr(f.call.Args[f.next])
	if err != nil {
		return err
	}
	f.next++
	if !e.Type().IsInt() {
		return errorf(f.call.Pos, tagDynType, "%s( ) argument #%d is incompatible with conversion #%d prototype:\n\tconversion: %% %s %s\n\t prototype: int\n\t  argument: %s",
			f.name, f.next, p.N, what, p.Name(), typeName(e.Type()))
	}
	f.args = append(f.args, convert(e, ctype.IntT))
	return nil
}

// fits reports whether a conversion can show a type.
func fits(p format.Part, t *ctype.Type) bool {
	kind := t.Base().Kind
	switch p.Class() {
	case format.ClassInt:
		return t.IsInt() || t.IsPointer() || kind == ctype.Sym
	case format.ClassAddr:
		return t.IsInt() || isAddress(t) && kind != ctype.Stack
	case format.ClassString:
		return t.IsStringLike() || kind == ctype.Sym
	case format.ClassFloat:
		return t.IsInt() || kind == ctype.Float
	case format.ClassStack:
		return kind == ctype.Stack
	}
	return true
}

// printaAction is printa(["format",] @a [, @b ...]).
func (c *checker) printaAction(call *lang.Call) (ir.Stmt, error) {
	a := &ir.Action{Kind: "printa", Pos: call.Pos}
	if err := countArgs(call, "printa", 1, -1); err != nil {
		return nil, err
	}
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	first := 0
	var parts []format.Part
	if _, isText := call.Args[0].(*lang.StringLit); isText {
		var err error
		if parts, a.Fmt, err = c.formatArg("printa", call); err != nil {
			return nil, err
		}
		first = 1
	}
	if len(call.Args) <= first {
		return nil, errorf(call.Pos, "D_PRINTA_PROTO", "printa( ) prototype mismatch: %d args passed, %d expected", len(call.Args), first+1)
	}
	for i := first; i < len(call.Args); i++ {
		agg, err := c.aggArg(call, i, "D_PRINTA_AGGARG", "D_PRINTA_AGGBAD")
		if err != nil {
			return nil, err
		}
		a.Aggs = append(a.Aggs, agg)
		if err := sameKeys(call.Pos, a.Aggs[0], agg); err != nil {
			return nil, err
		}
	}
	return a, c.printaFormat(call, a, parts)
}

// sameKeys makes sure that aggregations can be printed side by side.
func sameKeys(pos lang.Pos, a, b *ir.Agg) error {
	if len(a.Keys) != len(b.Keys) {
		return errorf(pos, "D_PRINTA_AGGKEY", "printa( ): @%s and @%s do not have matching key signatures: @%s has %d key%s, @%s has %d key%s",
			a.Name, b.Name, a.Name, len(a.Keys), plural(len(a.Keys)), b.Name, len(b.Keys), plural(len(b.Keys)))
	}
	for i := range a.Keys {
		if !likeKeys(a.Keys[i], b.Keys[i]) {
			return errorf(pos, "D_PRINTA_AGGPROTO", "printa( ): @%s[ ] key #%d is incompatible with @%s:\n%9s key #%d: %s\n%9s key #%d: %s",
				b.Name, i+1, a.Name, a.Name, i+1, typeName(a.Keys[i]), b.Name, i+1, typeName(b.Keys[i]))
		}
	}
	return nil
}

// likeKeys reports types of keys that may stand for each other.
func likeKeys(a, b *ctype.Type) bool {
	return a.IsInt() && b.IsInt() || a.IsStringLike() && b.IsStringLike() || ctype.Same(a, b)
}

// printaFormat checks that a format's conversions have keys and values.
func (c *checker) printaFormat(call *lang.Call, a *ir.Action, parts []format.Part) error {
	f := formatting{c: c, name: "printa", call: call}
	key := 0
	for _, p := range parts {
		switch {
		case p.Verb == 0 || p.Verb == '%' || p.Agg:
			continue
		case key >= len(a.Aggs[0].Keys):
			return errorf(call.Pos, tagArgProto, "printa( ) prototype mismatch: conversion #%d (%%%s) is missing a corresponding value argument", p.N, p.Name())
		case !fits(p, a.Aggs[0].Keys[key]):
			return f.wrongType(key+2, p, a.Aggs[0].Keys[key])
		}
		key++
	}
	return nil
}
