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
	if len(call.Args) == 0 {
		return nil, "", errorf(call.Pos, tagProtoLen, "%s( ) prototype mismatch: 0 args passed, 1 expected", name)
	}
	s, ok := call.Args[0].(*lang.StringLit)
	if !ok {
		return nil, "", errorf(call.Pos, tagArgFmt, "%s( ) argument #1 is incompatible with prototype:\n\tprototype: string constant", name)
	}
	if s.Value == "" {
		return nil, "", errorf(call.Pos, tagFmtEmpty, "%s( ) format string is empty", name)
	}
	parts, err := format.Parse(s.Value)
	if err != nil {
		return nil, "", errorf(call.Pos, lang.TagSyntax, "%v", err)
	}
	return parts, s.Value, nil
}

func (c *checker) printfAction(name string, call *lang.Call) (ir.Stmt, error) {
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	parts, text, err := c.formatArg(name, call)
	if err != nil {
		return nil, err
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
	for _, star := range []bool{p.StarWidth, p.StarPrec} {
		if !star {
			continue
		}
		if err := f.star(); err != nil {
			return err
		}
	}
	if f.next >= len(f.call.Args) {
		return errorf(f.call.Pos, tagArgProto, "%s( ) prototype mismatch: conversion #%d (%%%s) is missing a corresponding value argument", f.name, p.N, p.Name())
	}
	e, err := f.c.aggKey(f.call.Args[f.next])
	if err != nil {
		return err
	}
	f.next++
	if !fits(p, e.Type()) {
		return errorf(f.call.Pos, tagArgType, "%s( ) argument #%d is incompatible with conversion #%d prototype:\n\tconversion: %%%s\n\t prototype: %s\n\t  argument: %s",
			f.name, f.next, p.N, p.Name(), p.Wants(), e.Type())
	}
	if p.Verb == 's' && e.Type().IsStringLike() {
		e = f.c.toString(e)
	}
	f.args = append(f.args, e)
	return nil
}

func (f *formatting) star() error {
	if f.next >= len(f.call.Args) {
		return errorf(f.call.Pos, tagDynProto, "%s( ) prototype mismatch: a * is missing a corresponding size argument", f.name)
	}
	e, err := f.c.expr(f.call.Args[f.next])
	if err != nil {
		return err
	}
	f.next++
	if !e.Type().IsInt() {
		return errorf(f.call.Pos, tagDynType, "%s( ) argument #%d is incompatible with the * of a conversion:\n\t prototype: int\n\t  argument: %s", f.name, f.next, e.Type())
	}
	f.args = append(f.args, convert(e, ctype.IntT))
	return nil
}

// fits reports whether a conversion can show a type.
func fits(p format.Part, t *ctype.Type) bool {
	switch p.Class() {
	case format.ClassInt:
		return t.IsInt() || t.IsPointer()
	case format.ClassAddr:
		return t.IsInt() || isAddress(t)
	case format.ClassString:
		return t.IsStringLike() || t.Base().Kind == ctype.Sym
	case format.ClassFloat:
		return t.IsInt() || t.Base().Kind == ctype.Float
	case format.ClassStack:
		return t.Base().Kind == ctype.Stack
	}
	return true
}

// printaAction is printa(["format",] @a [, @b ...]).
func (c *checker) printaAction(call *lang.Call) (ir.Stmt, error) {
	a := &ir.Action{Kind: "printa", Pos: call.Pos}
	if len(call.Args) == 0 {
		return nil, errorf(call.Pos, "D_PRINTA_PROTO", "printa( ) prototype mismatch: 0 args passed, 1 or 2 expected")
	}
	if err := c.orderRecord(call.Pos); err != nil {
		return nil, err
	}
	args := call.Args
	var parts []format.Part
	if _, isAgg := args[0].(*lang.AggIdent); !isAgg {
		var err error
		if parts, a.Fmt, err = c.formatArg("printa", call); err != nil {
			return nil, err
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return nil, errorf(call.Pos, "D_PRINTA_PROTO", "printa( ) prototype mismatch: an aggregation is expected")
	}
	for i, x := range args {
		if err := c.printaAgg(call, a, i+1, x); err != nil {
			return nil, err
		}
	}
	return a, c.printaFormat(call, a, parts)
}

func (c *checker) printaAgg(call *lang.Call, a *ir.Action, n int, x lang.Expr) error {
	id, ok := x.(*lang.AggIdent)
	if !ok {
		return errorf(call.Pos, "D_PRINTA_AGGARG", "printa( ) argument #%d is incompatible with prototype:\n\tprototype: aggregation", n)
	}
	agg := c.aggs[trimAt(id.Name)]
	if agg == nil {
		return errorf(call.Pos, "D_PRINTA_AGGBAD", "undefined aggregation: @%s", trimAt(id.Name))
	}
	if len(a.Aggs) > 0 {
		if err := sameKeys(call.Pos, a.Aggs[0], agg); err != nil {
			return err
		}
	}
	a.Aggs = append(a.Aggs, agg)
	return nil
}

// sameKeys makes sure that aggregations can be printed side by side.
func sameKeys(pos lang.Pos, a, b *ir.Agg) error {
	if len(a.Keys) != len(b.Keys) {
		return errorf(pos, "D_PRINTA_AGGPROTO", "printa( ) @%s and @%s have a different number of keys", a.Name, b.Name)
	}
	for i := range a.Keys {
		if !ctype.Same(a.Keys[i], b.Keys[i]) {
			return errorf(pos, "D_PRINTA_AGGKEY", "printa( ) @%s and @%s have different types of key #%d", a.Name, b.Name, i+1)
		}
	}
	return nil
}

// printaFormat checks that a format's conversions have keys and values.
func (c *checker) printaFormat(call *lang.Call, a *ir.Action, parts []format.Part) error {
	key := 0
	for _, p := range parts {
		switch {
		case p.Verb == 0 || p.Verb == '%' || p.Agg:
			continue
		case key >= len(a.Aggs[0].Keys):
			return errorf(call.Pos, tagArgProto, "printa( ) prototype mismatch: conversion #%d (%%%s) is missing a corresponding value argument", p.N, p.Name())
		case !fits(p, a.Aggs[0].Keys[key]):
			return errorf(call.Pos, tagArgType, "printa( ) argument #%d is incompatible with conversion #%d prototype:\n\tconversion: %%%s\n\t prototype: %s\n\t  argument: %s",
				key+2, p.N, p.Name(), p.Wants(), a.Aggs[0].Keys[key])
		}
		key++
	}
	return nil
}
