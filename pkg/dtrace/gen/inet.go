package gen

import (
	"maps"
	"slices"

	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// Addresses become text in a place of the slot of their own, which also keeps,
// behind the text, words that the verifier shall not follow.
const (
	textSize  = 64
	textAt    = textSize      // how long the text is
	textRun   = textSize + 8  // where the longest run of zeros begins
	textEnd   = textSize + 16 // and ends
	textTotal = textSize + 24
)

// text begins a text that is written character by character.
func (c *code) text() int {
	at := c.g.slot.text
	c.zero(asm.R7, at, textTotal)
	return at
}

// written is a text as a string.
func (c *code) written(at int) {
	c.emit(asm.Mov.Imm(asm.R0, 0), asm.Mov.Imm(asm.R2, int32(c.g.strCap)))
	c.copyPiece(c.temp(), at, textSize)
}

// put appends the character in R1 to a text; it changes R2 and R3.
func (c *code) put(at int) {
	full := c.label()
	c.emit(asm.LoadMem(asm.R2, asm.R7, int16(at+textAt), asm.DWord), asm.JGE.Imm(asm.R2, textSize-1, full))
	c.slotAddr(asm.R3, at)
	c.emit(
		asm.Add.Reg(asm.R3, asm.R2),
		asm.StoreMem(asm.R3, 0, asm.R1, asm.Byte),
		asm.Add.Imm(asm.R2, 1),
		asm.StoreMem(asm.R7, int16(at+textAt), asm.R2, asm.DWord),
	)
	c.mark(full)
}

// putChar appends a constant character.
func (c *code) putChar(at int, ch byte) {
	c.emit(asm.Mov.Imm(asm.R1, int32(ch)))
	c.put(at)
}

// bytesOf reads size bytes at the address that an expression yields to the
// buffer on the stack.
func (c *code) bytesOf(x ir.Expr, size int) {
	c.expr(x)
	word := c.push()
	c.emit(
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(buffer)),
		asm.Mov.Imm(asm.R2, int32(size)),
		asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord),
	)
	if t := x.Type(); t.IsPointer() && t.Base().User || spaceOf(x) == ir.User {
		c.emit(asm.FnProbeReadUser.Call())
	} else {
		c.emit(asm.FnProbeReadKernel.Call())
	}
	c.faultIf(FaultBadAddr, word)
	c.depth--
}

// inet4 is inet_ntoa(address): 192.0.2.1.
func (c *code) inet4(arg ir.Expr) {
	at := c.text()
	c.bytesOf(arg, 4)
	c.dotted(at, buffer)
	c.written(at)
}

// dotted appends four bytes of the stack as decimal numbers.
func (c *code) dotted(at int, bytes int16) {
	for i := range int16(4) {
		if i > 0 {
			c.putChar(at, '.')
		}
		c.decimal(at, bytes+i)
	}
}

// decimal appends a byte of the stack as a number.
func (c *code) decimal(at int, byteAt int16) {
	tens, ones := c.label(), c.label()
	load := asm.LoadMem(asm.R1, asm.RFP, byteAt, asm.Byte)
	c.emit(load, asm.JLT.Imm(asm.R1, 100, tens), asm.Div.Imm(asm.R1, 100), asm.Add.Imm(asm.R1, '0'))
	c.put(at)
	c.mark(tens)
	c.emit(load, asm.JLT.Imm(asm.R1, 10, ones), asm.Div.Imm(asm.R1, 10), asm.Mod.Imm(asm.R1, 10), asm.Add.Imm(asm.R1, '0'))
	c.put(at)
	c.mark(ones)
	c.emit(load, asm.Mod.Imm(asm.R1, 10), asm.Add.Imm(asm.R1, '0'))
	c.put(at)
}

// inet6 is an IPv6 address as RFC 5952 writes it: the longest run of at least
// two zeros becomes ::. One that stands for an IPv4 address ends as that, and
// when plain is not zero there is nothing else.
func (c *code) inet6(arg ir.Expr, plain bool) {
	at := c.text()
	c.bytesOf(arg, 16)
	c.zeroRun(at)
	whole, end := c.label(), c.label()
	c.ifMapped(at, whole)
	if plain {
		c.dotted(at, buffer+12)
		c.jump(end)
	} else {
		for i := range 6 {
			c.group(at, i)
		}
		c.putChar(at, ':')
		c.dotted(at, buffer+12)
		c.jump(end)
	}
	c.mark(whole)
	for i := range 8 {
		c.group(at, i)
	}
	c.emit(asm.LoadMem(asm.R1, asm.R7, int16(at+textEnd), asm.DWord), asm.JNE.Imm(asm.R1, 8, end))
	c.putChar(at, ':')
	c.mark(end)
	c.written(at)
}

// ifMapped jumps unless an address stands for an IPv4 one: behind zeros only, or
// zeros and ffff.
func (c *code) ifMapped(at int, other string) {
	yes := c.label()
	c.emit(
		asm.LoadMem(asm.R1, asm.R7, int16(at+textRun), asm.DWord), asm.JNE.Imm(asm.R1, 0, other),
		asm.LoadMem(asm.R1, asm.R7, int16(at+textEnd), asm.DWord), asm.JEq.Imm(asm.R1, 6, yes),
		asm.JNE.Imm(asm.R1, 5, other),
		asm.LoadMem(asm.R1, asm.RFP, buffer+10, asm.Half), asm.JNE.Imm(asm.R1, 0xffff, other),
	)
	c.mark(yes)
}

// zeroRun finds the longest run of zeros among the eight groups.
func (c *code) zeroRun(at int) {
	c.storeImm(asm.R7, int16(at+textRun), 9) // none
	// R0 is how long the run is that ends here, R4 the longest.
	c.emit(asm.Mov.Imm(asm.R0, 0), asm.Mov.Imm(asm.R4, 1))
	for i := range 8 {
		some, next := c.label(), c.label()
		c.emit(
			asm.LoadMem(asm.R1, asm.RFP, buffer+int16(2*i), asm.Half),
			asm.JNE.Imm(asm.R1, 0, some),
			asm.Add.Imm(asm.R0, 1),
			asm.JLE.Reg(asm.R0, asm.R4, next),
			asm.Mov.Reg(asm.R4, asm.R0),
			asm.Mov.Imm(asm.R2, int32(i+1)),
			asm.StoreMem(asm.R7, int16(at+textEnd), asm.R2, asm.DWord),
			asm.Sub.Reg(asm.R2, asm.R0),
			asm.StoreMem(asm.R7, int16(at+textRun), asm.R2, asm.DWord),
		)
		c.jump(next)
		c.mark(some)
		c.emit(asm.Mov.Imm(asm.R0, 0))
		c.mark(next)
	}
}

// group appends one group of an address, or what stands for the run of zeros.
func (c *code) group(at, i int) {
	outside, end := c.label(), c.label()
	c.emit(
		asm.LoadMem(asm.R1, asm.R7, int16(at+textRun), asm.DWord),
		asm.JGT.Imm(asm.R1, int32(i), outside),
		asm.LoadMem(asm.R2, asm.R7, int16(at+textEnd), asm.DWord),
		asm.JLE.Imm(asm.R2, int32(i), outside),
		asm.JNE.Imm(asm.R1, int32(i), end),
	)
	c.putChar(at, ':')
	c.jump(end)
	c.mark(outside)
	if i > 0 {
		c.putChar(at, ':')
	}
	for digit := range 4 {
		skip := c.label()
		c.emit(asm.LoadMem(asm.R1, asm.RFP, buffer+int16(2*i), asm.Half), asm.HostTo(asm.BE, asm.R1, asm.Half))
		shift := int32(12 - 4*digit)
		if digit < 3 { // no zeros in front
			c.emit(asm.JLT.Imm(asm.R1, 1<<shift, skip))
		}
		c.emit(asm.RSh.Imm(asm.R1, shift), asm.And.Imm(asm.R1, 15))
		c.hexDigit(at)
		c.mark(skip)
	}
	c.mark(end)
}

// inetNtop is inet_ntop(family, address), of the family that the first argument
// turns out to be.
func (c *code) inetNtop(x *ir.Call) {
	const inet, inet6 = 2, 10
	c.oneOf(x, map[int64]func(ir.Expr){
		inet:  c.inet4,
		inet6: func(arg ir.Expr) { c.inet6(arg, false) },
	})
}

// linkNtop is link_ntop(kind of hardware, address).
func (c *code) linkNtop(x *ir.Call) {
	const ether, infiniband = 1, 32
	hex := func(size int) func(ir.Expr) {
		return func(arg ir.Expr) { c.hexBytes(arg, size) }
	}
	c.oneOf(x, map[int64]func(ir.Expr){ether: hex(6), infiniband: hex(20)})
}

// oneOf writes the second argument in the way that the first one names; any
// other is a fault.
func (c *code) oneOf(x *ir.Call, ways map[int64]func(ir.Expr)) {
	if k, ok := x.Args[0].(*ir.Const); ok && ways[k.V] != nil {
		ways[k.V](x.Args[1])
		return
	}
	c.expr(x.Args[0])
	which, end := c.push(), c.label()
	to := c.temp()
	for _, v := range slices.Sorted(maps.Keys(ways)) {
		next := c.label()
		c.emit(asm.LoadMem(asm.R0, asm.RFP, which, asm.DWord), asm.JNE.Imm(asm.R0, int32(v), next))
		ways[v](x.Args[1])
		c.keepOnly(to)
		c.jump(end)
		c.mark(next)
	}
	c.faultIfAlways(FaultIllegal, which)
	c.mark(end)
	c.temps++ // all ways leave their result right behind
	c.depth--
}

// hexBytes is bytes as pairs of digits with colons between them.
func (c *code) hexBytes(arg ir.Expr, size int) {
	at := c.text()
	c.bytesOf(arg, size)
	for i := range int16(size) {
		if i > 0 {
			c.putChar(at, ':')
		}
		for _, shift := range []int32{4, 0} {
			c.emit(asm.LoadMem(asm.R1, asm.RFP, buffer+i, asm.Byte), asm.RSh.Imm(asm.R1, shift), asm.And.Imm(asm.R1, 15))
			c.hexDigit(at)
		}
	}
	c.written(at)
}

// hexDigit appends the digit in R1.
func (c *code) hexDigit(at int) {
	small := c.label()
	c.emit(asm.Add.Imm(asm.R1, '0'), asm.JLE.Imm(asm.R1, '9', small), asm.Add.Imm(asm.R1, 'a'-'0'-10))
	c.mark(small)
	c.put(at)
}

// inetNtoa6 is inet_ntoa6(address [, strict]): an address that stands for an
// IPv4 one is written as that unless strict is not zero.
func (c *code) inetNtoa6(x *ir.Call) {
	if len(x.Args) < 2 {
		c.inet6(x.Args[0], true)
		return
	}
	k, ok := x.Args[1].(*ir.Const)
	if ok {
		c.inet6(x.Args[0], k.V == 0)
		return
	}
	c.expr(x.Args[1])
	end, plain := c.label(), c.label()
	to := c.temp()
	c.emit(asm.JEq.Imm(asm.R0, 0, plain))
	c.inet6(x.Args[0], false)
	c.keepOnly(to)
	c.jump(end)
	c.mark(plain)
	c.inet6(x.Args[0], true)
	c.mark(end)
}
