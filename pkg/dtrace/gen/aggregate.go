package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// aggregate adds to an aggregation: the value first, then the key, then the
// entry of this CPU, made when it is not there.
func (c *code) aggregate(s *ir.Aggregate) {
	l := c.g.Aggs[s.Agg.Index]
	for _, x := range s.Args {
		c.expr(x)
		c.push()
	}
	c.aggKey(s, l)
	found, end := c.label(), c.label()
	c.find(l)
	c.emit(asm.JNE.Imm(asm.R0, 0, found))
	c.insert(l)
	c.find(l)
	c.emit(asm.JNE.Imm(asm.R0, 0, found))
	c.drop(DropAgg)
	c.jump(end)
	c.mark(found)
	c.update(s)
	c.mark(end)
}

func (c *code) aggKey(s *ir.Aggregate, l *AggLayout) {
	for i, k := range s.Keys {
		f := l.Keys[i]
		at := c.g.slot.aggKey + f.Off
		switch {
		case f.Type.Base().Kind == ctype.Stack:
			call := k.(*ir.Call)
			c.stack(call.Fn, int(call.Args[0].(*ir.Const).V), asm.R7, at, f.Size)
		case f.Type.Base().Kind == ctype.Sym:
			c.symbol(k.(*ir.Call).Args[0], asm.R7, at)
		case f.Size == 16 && f.Type.IsString() && (c.probe == nil || c.probe.Task == nil):
			c.slotAddr(asm.R1, at)
			c.emit(asm.Mov.Imm(asm.R2, 16), asm.FnGetCurrentComm.Call())
		default:
			c.expr(k)
			c.storeKey(k, f, at)
		}
	}
	if len(s.Keys) == 0 {
		c.zero(asm.R7, c.g.slot.aggKey, 8)
	}
}

func (c *code) find(l *AggLayout) {
	c.emit(asm.LoadMapPtr(asm.R1, 0).WithReference(l.Map))
	c.slotAddr(asm.R2, c.g.slot.aggKey)
	c.emit(asm.FnMapLookupElem.Call())
}

// MapZero is an array of one: a value of zeros, as large as any aggregation's.
const MapZero = "dt_zero"

func (c *code) insert(l *AggLayout) {
	c.emit(asm.LoadMapPtr(asm.R1, 0).WithReference(l.Map))
	c.slotAddr(asm.R2, c.g.slot.aggKey)
	c.emit(
		asm.LoadMapValue(asm.R3, 0, 0).WithReference(MapZero),
		asm.Mov.Imm(asm.R4, 1), // BPF_NOEXIST
		asm.FnMapUpdateElem.Call(),
	)
}

// update changes the entry at R0.
func (c *code) update(s *ir.Aggregate) {
	a := s.Agg
	arg := int16(-8)
	one := func() { c.emit(asm.Mov.Imm(asm.R1, 1)) }
	add := func(off int16) { c.emit(asm.AddAtomic.Mem(asm.R0, asm.R1, asm.DWord, off)) }
	value := func(r asm.Register) { c.emit(asm.LoadMem(r, asm.RFP, arg, asm.DWord)) }
	switch a.Fn {
	case ir.Count:
		one()
		add(0)
	case ir.Sum, ir.Avg:
		one()
		add(0)
		value(asm.R1)
		add(8)
	case ir.Min, ir.Max:
		c.extreme(a, value)
	case ir.Stddev:
		one()
		add(0)
		value(asm.R1)
		add(8)
		c.square(value)
	case ir.Quantize:
		value(asm.R1)
		c.log2Bucket()
		c.addWeight(s, QuantizeBuckets)
	case ir.Lquantize:
		value(asm.R1)
		c.linearBucket(a)
		c.addWeight(s, LquantizeBuckets(a))
	case ir.Llquantize:
		value(asm.R1)
		c.magnitudeBucket(a)
		c.addWeight(s, LlquantizeBuckets(a))
	}
}

// magnitudeBucket leaves in R1 the llquantize() bucket of R1: the number of
// bounds that its absolute value reaches, to the right of the bucket of zero,
// or to the left for a negative value. A binary search finds it.
func (c *code) magnitudeBucket(a *ir.Agg) {
	bounds := LlquantizeBounds(a)
	plus, end := c.label(), c.label()
	c.emit(
		asm.Mov.Imm(asm.R3, 1), // sign
		asm.JSGE.Imm(asm.R1, 0, plus),
		asm.Mov.Imm(asm.R3, -1),
		asm.Neg.Imm(asm.R1, 0),
	)
	c.mark(plus)
	var search func(low, high int) // the answer is in low..high
	search = func(low, high int) {
		if low == high {
			c.emit(asm.Mov.Imm(asm.R2, int32(low)))
			c.jump(end)
			return
		}
		mid, less := (low+high)/2, c.label()
		c.constant(asm.R4, bounds[mid])
		c.emit(asm.JLT.Reg(asm.R1, asm.R4, less))
		search(mid+1, high)
		c.mark(less)
		search(low, mid)
	}
	search(0, len(bounds))
	c.mark(end)
	c.emit(asm.Mul.Reg(asm.R2, asm.R3), asm.Mov.Reg(asm.R1, asm.R2), asm.Add.Imm(asm.R1, int32(len(bounds))))
}

// extreme keeps the least or greatest value; the first one always.
func (c *code) extreme(a *ir.Agg, value func(asm.Register)) {
	set, end := c.label(), c.label()
	jump := map[bool][2]asm.JumpOp{
		false: {asm.JGE, asm.JLE}, true: {asm.JSGE, asm.JSLE},
	}[a.Sign][map[ir.AggFunc]int{ir.Min: 0, ir.Max: 1}[a.Fn]]
	c.emit(asm.LoadMem(asm.R2, asm.R0, 0, asm.DWord))
	value(asm.R1)
	c.emit(
		asm.JEq.Imm(asm.R2, 0, set),
		asm.LoadMem(asm.R3, asm.R0, 8, asm.DWord),
		jump.Reg(asm.R1, asm.R3, end),
	)
	c.emit(asm.StoreMem(asm.R0, 8, asm.R1, asm.DWord).WithSymbol(set))
	c.mark(end)
	c.emit(asm.Mov.Imm(asm.R1, 1), asm.AddAtomic.Mem(asm.R0, asm.R1, asm.DWord, 0))
}

// square adds the 128-bit square of the value to words 2 and 3: the value is
// cut in halves h and l, and (h<<32 + l)^2 = h^2<<64 + hl<<33 + l^2.
func (c *code) square(value func(asm.Register)) {
	plus, carry, carry2 := c.label(), c.label(), c.label()
	value(asm.R1)
	c.emit(asm.JSGE.Imm(asm.R1, 0, plus), asm.Neg.Imm(asm.R1, 0))
	c.mark(plus)
	c.emit(
		asm.Mov.Reg(asm.R2, asm.R1), asm.RSh.Imm(asm.R2, 32), // h
		asm.Mov.Reg32(asm.R1, asm.R1),                            // l
		asm.Mov.Reg(asm.R3, asm.R1), asm.Mul.Reg(asm.R3, asm.R2), // hl
		asm.Mul.Reg(asm.R1, asm.R1), asm.Mul.Reg(asm.R2, asm.R2),
		asm.Mov.Reg(asm.R4, asm.R3), asm.RSh.Imm(asm.R4, 31), asm.Add.Reg(asm.R2, asm.R4),
		asm.LSh.Imm(asm.R3, 33),
		asm.Add.Reg(asm.R1, asm.R3),
		asm.JGE.Reg(asm.R1, asm.R3, carry),
		asm.Add.Imm(asm.R2, 1),
	)
	c.emit(asm.LoadMem(asm.R3, asm.R0, 16, asm.DWord).WithSymbol(carry))
	c.emit(
		asm.Add.Reg(asm.R3, asm.R1),
		asm.JGE.Reg(asm.R3, asm.R1, carry2),
		asm.Add.Imm(asm.R2, 1),
	)
	c.emit(asm.StoreMem(asm.R0, 16, asm.R3, asm.DWord).WithSymbol(carry2))
	c.emit(asm.AddAtomic.Mem(asm.R0, asm.R2, asm.DWord, 24))
}

// log2Bucket leaves in R1 the quantize() bucket of R1: 63 is zero, 64 is 1, 65
// is 2..3, 62 is -1, 61 is -3..-2.
func (c *code) log2Bucket() {
	plus, zero, end := c.label(), c.label(), c.label()
	c.emit(
		asm.Mov.Imm(asm.R3, 1), // sign
		asm.JEq.Imm(asm.R1, 0, zero),
		asm.JSGT.Imm(asm.R1, 0, plus),
		asm.Mov.Imm(asm.R3, -1),
		asm.Neg.Imm(asm.R1, 0),
	)
	c.emit(asm.Mov.Imm(asm.R2, 1).WithSymbol(plus)) // 1 + floor(log2)
	for _, step := range []int32{32, 16, 8, 4, 2, 1} {
		small := c.label()
		c.emit(
			asm.Mov.Reg(asm.R4, asm.R1), asm.RSh.Imm(asm.R4, step),
			asm.JEq.Imm(asm.R4, 0, small),
			asm.Add.Imm(asm.R2, step),
			asm.Mov.Reg(asm.R1, asm.R4),
		)
		c.mark(small)
	}
	c.emit(
		asm.Mul.Reg(asm.R2, asm.R3),
		asm.Mov.Reg(asm.R1, asm.R2), asm.Add.Imm(asm.R1, 63),
	)
	c.jump(end)
	c.emit(asm.Mov.Imm(asm.R1, 63).WithSymbol(zero))
	c.mark(end)
}

// linearBucket leaves in R1 the lquantize() bucket of R1: 0 is below the base,
// the last one the limit and beyond.
func (c *code) linearBucket(a *ir.Agg) {
	low, high, end := c.label(), c.label(), c.label()
	base, limit, step := a.Args[0], a.Args[1], a.Args[2]
	c.emit(
		asm.JSLT.Imm(asm.R1, int32(base), low),
		asm.JSGE.Imm(asm.R1, int32(limit), high),
	)
	c.constant(asm.R2, base)
	c.emit(
		asm.Sub.Reg(asm.R1, asm.R2),
		asm.Div.Imm(asm.R1, int32(step)),
		asm.Add.Imm(asm.R1, 1),
		asm.JLE.Imm(asm.R1, int32(LquantizeBuckets(a)-1), end),
	)
	c.emit(asm.Mov.Imm(asm.R1, int32(LquantizeBuckets(a)-1)).WithSymbol(high))
	c.jump(end)
	c.emit(asm.Mov.Imm(asm.R1, 0).WithSymbol(low))
	c.mark(end)
}

// addWeight adds the weight, 1 when none was given, to bucket R1.
func (c *code) addWeight(s *ir.Aggregate, buckets int) {
	bad := c.label()
	c.emit(
		asm.JGE.Imm(asm.R1, int32(buckets), bad),
		asm.LSh.Imm(asm.R1, 3),
		asm.Mov.Reg(asm.R2, asm.R0),
		asm.Add.Reg(asm.R2, asm.R1),
	)
	if len(s.Args) > 1 {
		c.emit(asm.LoadMem(asm.R1, asm.RFP, -16, asm.DWord))
	} else {
		c.emit(asm.Mov.Imm(asm.R1, 1))
	}
	c.emit(asm.AddAtomic.Mem(asm.R2, asm.R1, asm.DWord, 8))
	c.emit(asm.Mov.Imm(asm.R1, 1), asm.AddAtomic.Mem(asm.R0, asm.R1, asm.DWord, 0))
	c.mark(bad)
}
