package sema

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// path is d_path(PATH): the kernel's path by its address. The generator needs
// to know where the parts of a path lie on this kernel.
func (c *checker) path(x *lang.Call) (ir.Expr, error) {
	arg, err := c.expr(x.Args[0])
	if err != nil {
		return nil, err
	}
	if t := arg.Type(); !t.IsPointer() || !t.Base().Elem.IsSOU() || t.Base().Elem.Base().Name != "path" {
		return nil, errorf(x.Pos, tagProtoArg, "d_path( ) argument #1 is incompatible with prototype:\n\tprototype: struct path *\n\t argument: %s", t)
	}
	old := c.params
	c.params = map[string]ir.Expr{"path": arg}
	defer func() { c.params = old }()
	call := &ir.Call{Typed: ir.Typed{T: c.str}, Fn: "d_path", Pos: x.Pos}
	for _, text := range []string{
		"path->dentry", "path->mnt",
		"offsetof(struct dentry, d_parent)", "offsetof(struct dentry, d_name) + offsetof(struct qstr, name)",
		"offsetof(struct dentry, d_name) + offsetof(struct qstr, len)", "offsetof(struct vfsmount, mnt_root)",
		"offsetof(struct mount, mnt)", "offsetof(struct mount, mnt_mountpoint)", "offsetof(struct mount, mnt_parent)",
	} {
		parsed, err := lang.ParseExpr(text, lang.Options{})
		if err != nil {
			return nil, err
		}
		e, err := c.expr(parsed)
		if err != nil {
			return nil, err
		}
		call.Args = append(call.Args, e)
	}
	return call, nil
}

// commandLine is __args(START, END), of the library alone.
func (c *checker) commandLine(x *lang.Call) (ir.Expr, error) {
	call := &ir.Call{Typed: ir.Typed{T: c.str}, Fn: "__args", Pos: x.Pos}
	for _, a := range x.Args {
		e, err := c.expr(a)
		if err != nil {
			return nil, err
		}
		call.Args = append(call.Args, convert(e, ctype.ULong))
	}
	return call, nil
}
