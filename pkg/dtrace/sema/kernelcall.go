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
	call := &ir.Call{Typed: ir.Typed{T: c.str}, Fn: "d_path", Pos: x.Pos}
	call.Args, err = c.kernelExprs("path", arg,
		"path->dentry", "path->mnt",
		"offsetof(struct dentry, d_parent)", "offsetof(struct dentry, d_name) + offsetof(struct qstr, name)",
		"offsetof(struct dentry, d_name) + offsetof(struct qstr, len)", "offsetof(struct vfsmount, mnt_root)",
		"offsetof(struct mount, mnt)", "offsetof(struct mount, mnt_mountpoint)", "offsetof(struct mount, mnt_parent)")
	return call, err
}

// kernelExprs checks expressions over one value, which they know by a name.
func (c *checker) kernelExprs(name string, value ir.Expr, texts ...string) ([]ir.Expr, error) {
	old := c.params
	c.params = map[string]ir.Expr{name: value}
	defer func() { c.params = old }()
	var all []ir.Expr
	for _, text := range texts {
		parsed, err := lang.ParseExpr(text, lang.Options{IsType: func(n string) bool { return c.typedef(n) != nil }})
		if err != nil {
			return nil, err
		}
		e, err := c.expr(parsed)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// progenyOf is progenyof(PID): the generator follows the parents.
func (c *checker) progenyOf(x *lang.Call, pid ir.Expr) (ir.Expr, error) {
	args, err := c.kernelExprs("pid", pid, "pid", "(uintptr_t)curthread", "offsetof(struct task_struct, real_parent)", "offsetof(struct task_struct, tgid)")
	return &ir.Call{Typed: ir.Typed{T: ctype.IntT}, Fn: "progenyof", Args: args, Pos: x.Pos}, err
}

// isLockQuestion reports the subroutines that look at a lock of the kernel.
func isLockQuestion(name string) bool { return lockAnswer(name) != "" }

// lockAnswer is what such a subroutine is in D. The owner of a mutex has flags
// in its lowest bits; the count of a reader-writer lock has the writer's byte,
// one bit for a writer that waits, and the readers.
func lockAnswer(name string) string {
	switch name {
	case "mutex_owned":
		return "(((struct mutex *)lock)->owner.counter & ~7) == (int64_t)curthread"
	case "mutex_owner":
		return "(struct task_struct *)(((struct mutex *)lock)->owner.counter & ~7)"
	case "mutex_type_adaptive":
		return "((struct mutex *)lock)->owner.counter * 0 + 1"
	case "mutex_type_spin":
		return "((struct mutex *)lock)->owner.counter * 0"
	case "rw_read_held":
		return "(((rwlock_t *)lock)->raw_lock.cnts.counter & ~0x1ff) != 0"
	case "rw_write_held":
		return "(((rwlock_t *)lock)->raw_lock.cnts.counter & 0xff) == 0xff"
	case "rw_iswriter":
		return "(((rwlock_t *)lock)->raw_lock.cnts.counter & 0x1ff) != 0"
	}
	return ""
}

func (c *checker) lockQuestion(pos lang.Pos, name string, lock ir.Expr, t *ctype.Type) (ir.Expr, error) {
	all, err := c.kernelExprs("lock", lock, lockAnswer(name))
	if err != nil {
		return nil, errorf(pos, tagUnknown, "%s( ) is not available on this kernel: %v", name, err)
	}
	if t.IsInt() {
		return convert(all[0], t), nil
	}
	return all[0], nil
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
