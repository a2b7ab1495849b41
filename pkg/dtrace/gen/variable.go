package gen

import (
	"encoding/binary"

	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// isWord reports values that live in a register.
func isWord(t *ctype.Type) bool {
	switch t.Base().Kind {
	case ctype.Int, ctype.Enum, ctype.Pointer, ctype.Func, ctype.Float, ctype.Sym:
		return true
	}
	return false
}

// emptyMark is how a variable's empty string begins, as a half word of either
// byte order with a NUL first.
var emptyMark = int32(binary.NativeEndian.Uint16([]byte{0, 1}))

// variable computes a variable's value: the word, or the address of the rest.
// One of an element that is not there is zero, or the empty string.
func (c *code) variable(x *ir.VarRef) {
	l := c.g.Vars[x.V]
	if l.Map == "" {
		c.place(l)
		switch {
		case isWord(x.T):
			c.emit(asm.LoadMem(asm.R0, asm.R0, 0, asm.DWord))
		case x.T.IsString():
			c.nullString()
		}
		return
	}
	if !isWord(x.T) && !x.T.IsString() {
		c.storage(x, false)
		return
	}
	none, end := c.label(), c.label()
	c.lookup(x, l)
	c.emit(asm.JEq.Imm(asm.R0, 0, none))
	if isWord(x.T) {
		c.emit(asm.LoadMem(asm.R0, asm.R0, 0, asm.DWord))
		c.jump(end)
		c.mark(none)
		c.emit(asm.Mov.Imm(asm.R0, 0))
		c.mark(end)
		return
	}
	c.copyElement(l, none, end)
}

// copyElement copies an element's value to a temporary, so that it stays what
// it was and has one kind of address whether it was there or not.
func (c *code) copyElement(l *VarLayout, none, end string) {
	if l.Size > c.g.strSize {
		c.fail(c.pos, "values of %d bytes are not supported in associative arrays", l.Size)
	}
	at := c.temp()
	for i := 0; i < l.Size; i += 8 {
		c.emit(asm.LoadMem(asm.R1, asm.R0, int16(i), asm.DWord), asm.StoreMem(asm.R7, int16(at+i), asm.R1, asm.DWord))
	}
	c.slotAddr(asm.R0, at)
	c.nullString()
	c.jump(end)
	c.mark(none)
	c.emit(asm.Mov.Imm(asm.R0, 0))
	c.mark(end)
}

// nullString makes the address of a variable's string NULL when the variable is
// NULL: an empty string has a mark behind its NUL.
func (c *code) nullString() {
	some := c.label()
	c.emit(asm.LoadMem(asm.R1, asm.R0, 0, asm.Half), asm.JNE.Imm(asm.R1, 0, some), asm.Mov.Imm(asm.R0, 0))
	c.mark(some)
}

// storeString copies the string whose address is in a stack word to where R1
// points, or NULL.
func (c *code) storeString(word int16, to func()) {
	null, end := c.label(), c.label()
	c.emit(
		asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord),
		asm.JEq.Imm(asm.R3, 0, null),
		asm.Mov.Imm(asm.R2, int32(c.g.strCap)),
		asm.FnProbeReadKernelStr.Call(),
	)
	c.faultIfNegative(word)
	c.emit(asm.JNE.Imm(asm.R0, 1, end))
	to()
	c.emit(asm.Mov.Imm(asm.R2, emptyMark), asm.StoreMem(asm.R1, 0, asm.R2, asm.Half))
	c.jump(end)
	c.mark(null)
	c.emit(asm.Mov.Imm(asm.R2, 0), asm.StoreMem(asm.R1, 0, asm.R2, asm.DWord))
	c.mark(end)
}

// place leaves the address of a scalar without a key in R0.
func (c *code) place(l *VarLayout) {
	if l.Var.Scope == ir.Local {
		c.slotAddr(asm.R0, c.g.slot.locals+l.Off)
		return
	}
	c.emit(asm.LoadMapValue(asm.R0, 0, uint32(l.Off)).WithReference(MapGlobals))
}

// lookup leaves the address of an element in R0, 0 when it is not there. The
// key stays in the slot.
func (c *code) lookup(x *ir.VarRef, l *VarLayout) {
	c.key(x, l)
	c.emit(asm.LoadMapPtr(asm.R1, 0).WithReference(l.Map))
	c.slotAddr(asm.R2, c.g.slot.key)
	c.emit(asm.FnMapLookupElem.Call())
}

// key builds an element's key: the thread for self->, then the tuple.
func (c *code) key(x *ir.VarRef, l *VarLayout) {
	c.values(x.Keys) // first all values, since they may need keys themselves
	n := len(x.Keys)
	for i := n - 1; i >= 0; i-- {
		c.pop(asm.R0)
		c.storeKey(x.Keys[i], l.Keys[i], c.g.slot.key+l.Keys[i].Off)
	}
	if l.Var.Scope == ir.Thread {
		c.threadKey()
		c.emit(asm.StoreMem(asm.R7, int16(c.g.slot.key), asm.R0, asm.DWord))
	}
}

func (c *code) values(list []ir.Expr) {
	for _, k := range list {
		c.expr(k)
		c.push()
	}
}

// threadKey tells threads apart: the tid, or the CPU for the idle threads,
// which all have tid 0.
func (c *code) threadKey() {
	end := c.label()
	if !c.ofTask("tid") {
		c.emit(asm.FnGetCurrentPidTgid.Call(), asm.Mov.Reg32(asm.R0, asm.R0))
	}
	c.emit(
		asm.JNE.Imm(asm.R0, 0, end),
		asm.FnGetSmpProcessorId.Call(),
		asm.Add.Imm(asm.R0, 1),
		asm.Neg.Imm(asm.R0, 0),
	)
	c.mark(end)
}

// storeKey puts the value in R0 into a key, padded with zeros.
func (c *code) storeKey(x ir.Expr, f Field, at int) {
	t := f.Type
	if isWord(t) {
		c.emit(asm.StoreMem(asm.R7, int16(at), asm.R0, asm.DWord))
		return
	}
	c.copyBytes(x, f.Size, at, true)
}

// copyBytes copies what R0 points to into the slot. A string is cut at its NUL
// and, in a key, padded with zeros, since keys are compared byte by byte.
func (c *code) copyBytes(x ir.Expr, size, at int, pad bool) {
	word := c.push()
	if pad {
		c.zero(asm.R7, at, round8(size))
	}
	c.slotAddr(asm.R1, at)
	if x.Type().IsString() {
		c.emit(
			asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord),
			asm.Mov.Imm(asm.R2, int32(min(size, c.g.strCap))),
			asm.FnProbeReadKernelStr.Call(),
		)
		c.depth--
		return
	}
	c.emit(asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord))
	c.emit(asm.Mov.Imm(asm.R2, int32(min(size, max(1, x.Type().Bytes())))))
	if spaceOf(x) == ir.User {
		c.emit(asm.FnProbeReadUser.Call())
	} else {
		c.emit(asm.FnProbeReadKernel.Call())
	}
	c.faultIf(FaultBadAddr, word)
	c.depth--
}

// copyValue copies a variable's new value, whose address is in R0, to the slot.
func (c *code) copyValue(value ir.Expr, l *VarLayout, at int) {
	if !value.Type().IsString() {
		c.copyBytes(value, l.Size, at, true)
		return
	}
	word := c.push()
	c.slotAddr(asm.R1, at)
	c.storeString(word, func() { c.slotAddr(asm.R1, at) })
	c.depth--
}

func spaceOf(x ir.Expr) ir.Space {
	if l, ok := x.(*ir.Load); ok {
		return l.Space
	}
	return ir.Own
}

// assign stores a value; its own value is what was stored.
func (c *code) assign(x *ir.Assign) {
	switch l := x.L.(type) {
	case *ir.VarRef:
		c.assignVar(l, x.X)
	case *ir.Load:
		c.assignMem(l, x.X)
	}
}

func (c *code) assignVar(v *ir.VarRef, value ir.Expr) {
	l := c.g.Vars[v.V]
	if l.Map == "" {
		c.expr(value)
		c.push()
		c.place(l)
		c.emit(asm.Mov.Reg(asm.R2, asm.R0))
		c.pop(asm.R0)
		c.storeAt(v, l, value)
		return
	}
	if k, ok := value.(*ir.Const); ok && k.V == 0 {
		c.deleteElement(v, l)
		return
	}
	c.expr(value)
	c.push()
	c.key(v, l)
	c.emit(asm.LoadMem(asm.R0, asm.RFP, int16(-8*c.depth), asm.DWord))
	at := c.g.slot.key + l.KeySize
	if isWord(v.T) {
		c.emit(asm.StoreMem(asm.R7, int16(at), asm.R0, asm.DWord))
	} else {
		c.copyValue(value, l, at)
	}
	c.emit(asm.LoadMapPtr(asm.R1, 0).WithReference(l.Map))
	c.slotAddr(asm.R2, c.g.slot.key)
	c.slotAddr(asm.R3, at)
	c.emit(asm.Mov.Imm(asm.R4, 0), asm.FnMapUpdateElem.Call())
	ok := c.label()
	c.emit(asm.JEq.Imm(asm.R0, 0, ok))
	c.drop(DropDynamic)
	c.mark(ok)
	c.pop(asm.R0)
}

// storeAt stores the value in R0 at R2.
func (c *code) storeAt(v *ir.VarRef, l *VarLayout, value ir.Expr) {
	if isWord(v.T) {
		c.emit(asm.StoreMem(asm.R2, 0, asm.R0, asm.DWord))
		return
	}
	if k, ok := value.(*ir.Const); ok && k.V == 0 {
		c.emit(asm.StoreMem(asm.R2, 0, asm.R0, asm.DWord))
		return
	}
	word := c.push()
	c.emit(asm.Mov.Reg(asm.R1, asm.R2))
	if v.T.IsString() {
		c.storeString(word, func() {
			c.place(l)
			c.emit(asm.Mov.Reg(asm.R1, asm.R0))
		})
	} else {
		c.emit(
			asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord),
			asm.Mov.Imm(asm.R2, int32(max(1, v.T.Bytes()))), asm.FnProbeReadKernel.Call(),
		)
	}
	c.pop(asm.R0)
}

// deleteElement is the assignment of zero: the element takes no room any more.
func (c *code) deleteElement(v *ir.VarRef, l *VarLayout) {
	c.key(v, l)
	c.emit(asm.LoadMapPtr(asm.R1, 0).WithReference(l.Map))
	c.slotAddr(asm.R2, c.g.slot.key)
	c.emit(asm.FnMapDeleteElem.Call(), asm.Mov.Imm(asm.R0, 0))
}

// step is ++ and --.
func (c *code) step(x *ir.Step) {
	c.expr(x.L)
	old := c.push()
	c.constant(asm.R1, x.By)
	c.emit(asm.Add.Reg(asm.R0, asm.R1))
	if x.T.IsInt() {
		c.extend(x.T)
	}
	now := c.push()
	switch l := x.L.(type) {
	case *ir.Load:
		c.storeMem(l, now)
	case *ir.VarRef:
		c.stepVar(l, now)
	}
	if x.Prefix {
		old = now
	}
	c.emit(asm.LoadMem(asm.R0, asm.RFP, old, asm.DWord))
	c.depth -= 2
}

func (c *code) stepVar(v *ir.VarRef, now int16) {
	l := c.g.Vars[v.V]
	if l.Map != "" {
		c.stepElement(v, l, now)
		return
	}
	c.place(l)
	c.emit(asm.LoadMem(asm.R1, asm.RFP, now, asm.DWord), asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord))
}

func (c *code) stepElement(v *ir.VarRef, l *VarLayout, now int16) {
	c.key(v, l)
	at := c.g.slot.key + l.KeySize
	c.emit(asm.LoadMem(asm.R1, asm.RFP, now, asm.DWord), asm.StoreMem(asm.R7, int16(at), asm.R1, asm.DWord))
	c.emit(asm.LoadMapPtr(asm.R1, 0).WithReference(l.Map))
	c.slotAddr(asm.R2, c.g.slot.key)
	c.slotAddr(asm.R3, at)
	c.emit(asm.Mov.Imm(asm.R4, 0), asm.FnMapUpdateElem.Call())
	ok := c.label()
	c.emit(asm.JEq.Imm(asm.R0, 0, ok))
	c.drop(DropDynamic)
	c.mark(ok)
}
