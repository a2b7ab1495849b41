package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// D's own memory is variables and, for the time of a clause, the scratch memory
// that alloca() and copyin() give out. An address in it is a number to D. The
// verifier lets only a pointer of its own be written through, so a store takes
// the number apart into a region and an offset that is checked.

// scalarize makes a pointer in R0 a number to the verifier.
func (c *code) scalarize() {
	c.keep(0, asm.R0)
	c.kept(0, asm.R0)
}

// place of an expression in a variable.
type varPlace struct {
	v   *ir.VarRef
	off int
	dyn ir.Expr // an offset that is known at run time, nil for none
}

// inVariable tells which part of which variable an address is, if it is one.
func inVariable(x ir.Expr) (varPlace, bool) {
	switch x := x.(type) {
	case *ir.VarRef:
		return varPlace{v: x}, !isWord(x.T) && !x.T.IsString()
	case *ir.Load:
		if isWord(x.T) || x.Space != ir.Own {
			return varPlace{}, false
		}
		p, ok := inVariable(x.Addr)
		p.off += x.Off
		return p, ok
	case *ir.Addr:
		l, ok := x.X.(*ir.Load)
		if !ok {
			return varPlace{}, false
		}
		p, ok := inVariable(l.Addr)
		p.off += l.Off
		return p, ok
	case *ir.Convert:
		if x.T.IsPointer() && x.X.Type().IsArray() || isAddr(x.X) {
			return inVariable(x.X)
		}
	case *ir.Binary:
		return inArray(x)
	}
	return varPlace{}, false
}

func isAddr(x ir.Expr) bool {
	_, ok := x.(*ir.Addr)
	return ok
}

func inArray(x *ir.Binary) (varPlace, bool) {
	p, ok := inVariable(x.X)
	if !ok || x.Op != "+" && x.Op != "-" {
		return p, false
	}
	if k, isConst := x.Y.(*ir.Const); isConst {
		if x.Op == "-" {
			p.off -= int(k.V)
		} else {
			p.off += int(k.V)
		}
		return p, true
	}
	y := x.Y
	if x.Op == "-" {
		y = &ir.Unary{Typed: ir.Typed{T: ctype.Long}, Op: "-", X: y}
	}
	if p.dyn != nil {
		y = &ir.Binary{Typed: ir.Typed{T: ctype.Long}, Op: "+", X: p.dyn, Y: y}
	}
	p.dyn = y
	return p, true
}

// storage leaves a pointer to a variable's memory in R0. An element that is not
// there is made if it will be written to, and else a place full of zeros.
func (c *code) storage(v *ir.VarRef, write bool) {
	l := c.g.Vars[v.V]
	if l.Map == "" {
		c.place(l)
		return
	}
	found, end := c.label(), c.label()
	c.lookup(v, l)
	c.emit(asm.JNE.Imm(asm.R0, 0, found))
	if write {
		c.emit(asm.LoadMapPtr(asm.R1, 0).WithReference(l.Map))
		c.slotAddr(asm.R2, c.g.slot.key)
		c.emit(
			asm.LoadMapValue(asm.R3, 0, 0).WithReference(MapZero),
			asm.Mov.Imm(asm.R4, 1), // BPF_NOEXIST
			asm.FnMapUpdateElem.Call(),
			asm.LoadMapPtr(asm.R1, 0).WithReference(l.Map),
		)
		c.slotAddr(asm.R2, c.g.slot.key)
		c.emit(asm.FnMapLookupElem.Call(), asm.JNE.Imm(asm.R0, 0, found))
		c.drop(DropDynamic)
	}
	c.emit(asm.LoadMapValue(asm.R0, 0, 0).WithReference(map[bool]string{false: MapZero, true: MapWaste}[write]))
	c.jump(end)
	c.mark(found)
	c.mark(end)
}

// MapWaste is an array of one: where a store goes whose element has no room.
const MapWaste = "dt_waste"

// varAddress leaves a pointer to width bytes of a variable in R0. An index that
// leads outside is a fault.
func (c *code) varAddress(p varPlace, width int, write bool) {
	size := max(p.v.T.Bytes(), 1)
	if p.dyn == nil {
		c.storage(p.v, write)
		if p.off < 0 || p.off+width > size {
			c.alwaysFault(int64(p.off))
			return
		}
		c.emit(asm.Add.Imm(asm.R0, int32(p.off)))
		return
	}
	c.expr(p.dyn)
	c.emit(asm.Add.Imm(asm.R0, int32(p.off)))
	word := c.push()
	ok := c.label()
	c.emit(asm.JLE.Imm(asm.R0, int32(max(size-width, 0)), ok))
	c.faultIfAlways(FaultBadAddr, word)
	c.mark(ok)
	c.storage(p.v, write)
	c.emit(asm.LoadMem(asm.R1, asm.RFP, word, asm.DWord))
	in := c.label() // once more, for what the verifier knows of a stack word
	c.emit(asm.JLE.Imm(asm.R1, int32(max(size-width, 0)), in))
	c.faultIfAlways(FaultBadAddr, word)
	c.mark(in)
	c.emit(asm.Add.Reg(asm.R0, asm.R1))
	c.depth--
}

// alwaysFault is an address that is known to be wrong.
func (c *code) alwaysFault(addr int64) {
	c.constant(asm.R0, addr)
	word := c.push()
	c.faultIfAlways(FaultBadAddr, word)
	c.depth--
}

// faultIfAlways leaves the clause; what was wrong is in a stack word.
func (c *code) faultIfAlways(code int64, word int16) {
	c.emit(
		asm.LoadMem(asm.R1, asm.RFP, word, asm.DWord),
		asm.StoreMem(asm.R7, int16(c.g.slot.fault), asm.R1, asm.DWord),
	)
	c.faultHere(code)
}

// loadOwn reads from D's own memory; it reports whether it could.
func (c *code) loadOwn(x *ir.Load) bool {
	p, ok := inVariable(x.Addr)
	if !ok {
		return false
	}
	p.off += x.Off
	size := x.Width()
	c.varAddress(p, size, false)
	if isWord(x.T) {
		c.emit(asm.LoadMem(asm.R0, asm.R0, 0, sizeOf(size)))
		c.unpack(x)
	}
	return true
}

// region is a part of D's own memory that a pointer may lead into.
type region struct {
	at    func() // leaves its pointer in R0
	size  int
	bytes func() // leaves the bytes that are in use in R2, nil for all
}

func (c *code) regions() []region {
	s := &c.g.slot
	list := []region{{
		at: func() { c.slotAddr(asm.R0, s.scratch) }, size: s.scratchSize,
		bytes: func() { c.emit(asm.LoadMem(asm.R2, asm.R7, int16(s.scratchTop), asm.DWord)) },
	}}
	if c.g.Globals > 0 {
		list = append(list, region{at: func() { c.emit(asm.LoadMapValue(asm.R0, 0, 0).WithReference(MapGlobals)) }, size: c.g.Globals})
	}
	if s.locSize > 0 {
		list = append(list, region{at: func() { c.slotAddr(asm.R0, s.locals) }, size: s.locSize})
	}
	return list
}

// ownAddress takes the number in a stack word for an address of width bytes,
// and leaves a pointer to them in R0.
func (c *code) ownAddress(word int16, width int) {
	found := c.label()
	for _, r := range c.regions() {
		if r.size < width {
			continue
		}
		next := c.label()
		r.at()
		c.scalarize()
		c.emit(asm.LoadMem(asm.R1, asm.RFP, word, asm.DWord), asm.Sub.Reg(asm.R1, asm.R0))
		c.emit(asm.JGT.Imm(asm.R1, int32(r.size-width), next))
		if r.bytes != nil {
			r.bytes()
			c.emit(
				asm.Mov.Reg(asm.R3, asm.R1), asm.Add.Imm(asm.R3, int32(width)),
				asm.JGT.Reg(asm.R3, asm.R2, next),
			)
		}
		r.at()
		c.emit(asm.Add.Reg(asm.R0, asm.R1))
		c.jump(found)
		c.mark(next)
	}
	c.faultIfAlways(FaultBadAddr, word)
	c.mark(found)
}

// writable leaves a pointer to what l loads in R0.
func (c *code) writable(l *ir.Load, width int) {
	if p, ok := inVariable(l.Addr); ok {
		p.off += l.Off
		c.varAddress(p, width, true)
		return
	}
	c.address(l)
	word := c.push()
	c.ownAddress(word, width)
	c.depth--
}

// assignMem stores into D's own memory.
func (c *code) assignMem(l *ir.Load, value ir.Expr) {
	c.expr(value)
	c.push()
	c.storeMem(l, int16(-8*c.depth))
	c.pop(asm.R0)
}

// storeMem stores the value in a stack word: a word, or what it points to.
func (c *code) storeMem(l *ir.Load, word int16) {
	width := max(1, l.Width())
	c.writable(l, width)
	switch {
	case l.Bits > 0:
		c.storeBits(l, word)
	case isWord(l.T):
		c.emit(asm.LoadMem(asm.R1, asm.RFP, word, asm.DWord), asm.StoreMem(asm.R0, 0, asm.R1, sizeOf(width)))
	default:
		c.emit(asm.Mov.Reg(asm.R1, asm.R0), asm.Mov.Imm(asm.R2, int32(width)), asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord))
		if l.T.IsString() {
			c.emit(asm.FnProbeReadKernelStr.Call())
			c.faultIfNegative(word)
			return
		}
		c.emit(asm.FnProbeReadKernel.Call())
		c.faultIf(FaultBadAddr, word)
	}
}

// storeBits changes the bits of a bit-field in the unit at R0.
func (c *code) storeBits(l *ir.Load, word int16) {
	mask := int64(1)<<l.Bits - 1
	c.constant(asm.R3, mask)
	c.emit(
		asm.LoadMem(asm.R1, asm.RFP, word, asm.DWord),
		asm.And.Reg(asm.R1, asm.R3), asm.LSh.Imm(asm.R1, int32(l.Shift)),
		asm.LoadMem(asm.R2, asm.R0, 0, sizeOf(l.Width())),
	)
	c.constant(asm.R3, ^(mask << l.Shift))
	c.emit(
		asm.And.Reg(asm.R2, asm.R3), asm.Or.Reg(asm.R2, asm.R1),
		asm.StoreMem(asm.R0, 0, asm.R2, sizeOf(l.Width())),
	)
}
