package sema

import (
	"fmt"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// about is what the program must know of a probe; made when first needed.
func (c *checker) about(p *Probe) *ir.Probe {
	if c.prog.Probes == nil {
		c.prog.Probes = map[int]*ir.Probe{}
	}
	a := c.prog.Probes[p.ID]
	if a == nil {
		a = &ir.Probe{Args: map[int]ir.Expr{}}
		c.prog.Probes[p.ID] = a
	}
	return a
}

// conditions checks when a probe fires and whose thread it speaks of.
func (c *checker) conditions(pos lang.Pos, p *Probe) error {
	if p.Setup != "" {
		if err := c.setup(p.Setup); err != nil {
			return unavailable(pos, p, err)
		}
	}
	if p.Guard == "" && p.Task == "" {
		return nil
	}
	a := c.about(p)
	var err error
	if p.Guard != "" && a.Guard == nil {
		if a.Guard, err = c.fromLibrary(p.Guard, true); err != nil {
			return unavailable(pos, p, err)
		}
	}
	if p.Task == "" || a.Task != nil {
		return nil
	}
	if a.Task, err = c.fromLibrary(p.Task, true); err != nil {
		return unavailable(pos, p, err)
	}
	return c.taskVars(pos, p)
}

// zoneGroup is the id of the control group that makes a thread one of a zone: the
// one below that of all zones (see gen.ZoneLevel); 0 for none.
const zoneGroup = "(%[1]s->cgroups->dfl_cgrp->level >= 2 ? %[1]s->cgroups->dfl_cgrp->ancestors[2]->kn->id : 0)"

// zoneOf is the id of the zone that a thread is in: __zoneid(task), of the
// library alone.
func (c *checker) zoneOf(x *lang.Call) (ir.Expr, error) {
	task, err := c.expr(x.Args[0])
	if err != nil {
		return nil, err
	}
	text, err := lang.ParseExpr(fmt.Sprintf(zoneGroup, "task"), lang.Options{})
	if err != nil {
		return nil, err
	}
	old := c.params
	c.params = map[string]ir.Expr{"task": task}
	defer func() { c.params = old }()
	group, err := c.expr(text)
	if err != nil {
		return nil, err
	}
	return &ir.Call{Typed: ir.Typed{T: ctype.Builtin("zoneid_t")}, Fn: "zoneid", Args: []ir.Expr{group}, Pos: x.Pos}, nil
}

func unavailable(pos lang.Pos, p *Probe, err error) error {
	return errorf(pos, tagPdescInval, "%s:%s:%s:%s is not available on this kernel: %v", p.Provider, p.Module, p.Func, p.Name, err)
}

// setup adds the clauses that a probe needs, once. A clause is just being
// checked, whose place is behind them.
func (c *checker) setup(text string) error {
	if c.learnt[text] {
		return nil
	}
	clause, probes, order, params, raw, in := c.clause, c.probes, c.order, c.params, c.raw, c.inSetup
	defer func() {
		c.clause, c.probes, c.order, c.params, c.raw, c.inSetup = clause, probes, order, params, raw, in
	}()
	c.inSetup = true
	return c.declareLibrary(text)
}

// taskVars gives the variables that the kernel tells of the current thread in
// terms of curthread, for probes that speak of another one.
func (c *checker) taskVars(pos lang.Pos, p *Probe) error {
	if c.prog.TaskVars != nil {
		return nil
	}
	vars := map[string]ir.Expr{}
	for name, text := range map[string]string{
		"pid": "curthread->tgid", "tid": "curthread->pid", "execname": "stringof(curthread->comm)",
		"uid": "curthread->cred->uid.val", "gid": "curthread->cred->gid.val",
		"cgroup": "curthread->cgroups->dfl_cgrp->kn->id", "zonegroup": fmt.Sprintf(zoneGroup, "curthread"),
	} {
		x, err := c.fromLibrary(text, false)
		if err != nil {
			return unavailable(pos, p, err)
		}
		vars[name] = x
	}
	c.prog.TaskVars = vars
	return nil
}

// native is the value of args[n] of a probe before any translation.
func (c *checker) native(p *Probe, n int, a Arg) (ir.Expr, error) {
	if a.From == "" {
		t := a.T
		if t == nil {
			var err error
			if t, err = c.libraryType(a.Type); err != nil {
				return nil, err
			}
		}
		return &ir.Builtin{Typed: ir.Typed{T: t}, Name: "args", Arg: konst(ctype.IntT, int64(n))}, nil
	}
	info := c.about(p)
	if x := info.Args[n]; x != nil {
		return x, nil
	}
	x, err := c.fromLibrary(a.From, true)
	if err != nil {
		return nil, err
	}
	info.Args[n] = x
	return x, nil
}

// argOf is args[n] of one probe: its type, and the type of what it is made of.
func (c *checker) argOf(p *Probe, n int) (is, of *ctype.Type, err error) {
	a := p.args()[n]
	x, err := c.native(p, n, a)
	if err != nil {
		return nil, nil, err
	}
	is, of = x.Type(), x.Type()
	if a.From != "" {
		is, err = c.libraryType(a.Type)
	}
	return is, of, err
}

// typedArg is args[n] for all probes of the clause; the caller has seen that
// they have as many.
func (c *checker) typedArg(pos lang.Pos, n int) (ir.Expr, error) {
	is, of, err := c.argOf(c.probes[0], n)
	if err != nil {
		return nil, unavailable(pos, c.probes[0], err)
	}
	first := c.probes[0].args()[n]
	for _, p := range c.probes[1:] {
		if first.From == "" && p.args()[n] == first {
			continue
		}
		is2, of2, err := c.argOf(p, n)
		if err != nil {
			return nil, unavailable(pos, p, err)
		}
		if !ctype.Same(is, is2) || !ctype.Same(of, of2) {
			return nil, errorf(pos, tagArgsMulti, "args[ ] may not be referenced because probe description matches an unstable set of probes")
		}
	}
	x := &ir.Builtin{Typed: ir.Typed{T: of}, Name: "args", Arg: konst(ctype.IntT, int64(n))}
	if ctype.Same(is, of) {
		x.T = is
		return x, nil
	}
	if t := c.translatorTo(is, of); t != nil {
		return &xlated{ir.Typed{T: is}, t, x}, nil
	}
	return c.as(x, is), nil
}

// as is a value as another type that holds the same.
func (c *checker) as(x ir.Expr, t *ctype.Type) ir.Expr {
	switch {
	case t.IsString():
		return c.toString(x)
	case t.IsInt():
		return convert(x, t)
	}
	return &ir.Convert{Typed: ir.Typed{T: t}, X: x}
}

// translatorTo finds a translator of values of type "of" to a struct, or to
// what a pointer leads to.
func (c *checker) translatorTo(is, of *ctype.Type) *translator {
	if is.IsPointer() {
		is = is.Base().Elem
	}
	if !is.IsSOU() {
		return nil
	}
	return c.findTranslator(is, of)
}

// rawArg is argN: of a probe that is made of something else, that of args[N].
func (c *checker) rawArg(name string) error {
	n := int(name[3] - '0')
	for _, p := range c.probes {
		if args := p.args(); n < len(args) && args[n].From != "" {
			if _, err := c.native(p, n, args[n]); err != nil {
				return err
			}
		}
	}
	return nil
}
