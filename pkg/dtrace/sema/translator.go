package sema

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

const (
	tagXlateRedecl lang.Tag = "D_XLATE_REDECL"
	tagXlateNoConv lang.Tag = "D_XLATE_NOCONV"
	tagXlateNone   lang.Tag = "D_XLATE_NONE"
	tagXlateSou    lang.Tag = "D_XLATE_SOU"
	tagXlateMemb   lang.Tag = "D_XLATE_MEMB"
)

// translator builds the members of one struct from a value of another type.
type translator struct {
	out, in *ctype.Type
	param   string
	members map[string]lang.Expr
}

func (c *checker) declareTranslator(d *lang.Translator) error {
	out, err := c.typeOf(d.Output)
	if err != nil {
		return err
	}
	in, err := c.typeOf(d.Input)
	if err != nil {
		return err
	}
	if out.Base().Kind == ctype.Forward {
		return errorf(d.Pos, tagXlateSou, "incomplete struct/union/enum %s", out)
	}
	if !out.IsSOU() {
		return errorf(d.Pos, tagXlateSou, "translator output type must be a struct or union")
	}
	if c.findTranslator(out, in) != nil {
		return errorf(d.Pos, tagXlateRedecl, "translator from %s to %s has already been declared", in, out)
	}
	t := &translator{out: out, in: in, param: d.Param, members: map[string]lang.Expr{}}
	for _, m := range d.Members {
		if _, ok := out.Find(m.Name); !ok {
			return errorf(m.Pos, tagXlateMemb, "translator member %s is not a member of %s", m.Name, out)
		}
		t.members[m.Name] = m.Value
	}
	c.xlators = append(c.xlators, t)
	return nil
}

func (c *checker) findTranslator(out, in *ctype.Type) *translator {
	for _, t := range c.xlators {
		if ctype.Same(t.out, out) && ctype.Same(t.in, in) {
			return t
		}
	}
	return nil
}

// xlated is xlate<T>(X) before a member is taken of it.
type xlated struct {
	ir.Typed
	t *translator
	x ir.Expr
}

func (c *checker) xlate(x *lang.Xlate) (ir.Expr, error) {
	out, err := c.typeOf(x.Type)
	if err != nil {
		return nil, err
	}
	e, err := c.expr(x.X)
	if err != nil {
		return nil, err
	}
	target := out
	if out.IsPointer() {
		target = out.Base().Elem
	}
	t := c.findTranslator(target, e.Type())
	if t == nil {
		return nil, errorf(x.Pos, tagXlateNone, "cannot translate from \"%s\" to \"%s\"", e.Type(), out)
	}
	return &xlated{ir.Typed{T: out}, t, e}, nil
}

// translated is a member of a translation: the member's expression with the
// input in the parameter's place. Nothing else of the struct is computed.
func (c *checker) translated(m *lang.Member, x *xlated) (ir.Expr, error) {
	value, ok := x.t.members[m.Name]
	if !ok {
		return nil, errorf(m.Pos, tagXlateNoConv, "translator does not define conversion for member: %s", m.Name)
	}
	want, ok := x.t.out.Find(m.Name)
	if !ok {
		return nil, errorf(m.Pos, tagTypeMember, "%s is not a member of %s", m.Name, x.t.out)
	}
	params, raw := c.params, c.raw
	c.params, c.raw = map[string]ir.Expr{x.t.param: x.x}, false
	defer func() { c.params, c.raw = params, raw }()
	e, err := c.expr(value)
	switch {
	case err != nil:
		return nil, errorf(m.Pos, tagXlateNoConv, "translator does not define conversion for member: %s (%v)", m.Name, err)
	case want.Type.IsInt() && e.Type().IsInt():
		return convert(e, want.Type), nil
	case want.Type.IsString() && e.Type().IsStringLike():
		return c.toString(e), nil
	}
	return e, nil
}
