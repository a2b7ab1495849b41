package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// textSize is what the texts here need at most; their temporary also keeps,
// behind the text, words that the verifier shall not follow.
const (
	textSize  = 48
	textAt    = textSize      // how long the text is
	textRun   = textSize + 8  // where the longest run of zeros begins
	textEnd   = textSize + 16 // and ends
	textTotal = textSize + 24
)

// text makes a temporary for a text that is written character by character.
func (c *code) text(x *ir.Call) int {
	if c.g.strSize < textTotal {
		c.fail(x.Pos, "%s( ) needs a strsize of at least %d", x.Fn, textTotal)
	}
	at := c.temp()
	c.zero(asm.R7, at, textTotal)
	return at
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
func (c *code) inet4(x *ir.Call, arg ir.Expr) {
	at := c.text(x)
	c.bytesOf(arg, 4)
	for i := range 4 {
		if i > 0 {
			c.putChar(at, '.')
		}
		c.decimal(at, buffer+int16(i))
	}
	c.slotAddr(asm.R0, at)
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

// inet6 is inet_ntoa6(address), as RFC 5952 writes it: the longest run of at
// least two zeros becomes ::.
func (c *code) inet6(x *ir.Call, arg ir.Expr) {
	at := c.text(x)
	c.bytesOf(arg, 16)
	c.zeroRun(at)
	for i := range 8 {
		c.group(at, i)
	}
	end := c.label()
	c.emit(asm.LoadMem(asm.R1, asm.R7, int16(at+textEnd), asm.DWord), asm.JNE.Imm(asm.R1, 8, end))
	c.putChar(at, ':')
	c.mark(end)
	c.slotAddr(asm.R0, at)
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
		small := c.label()
		c.emit(
			asm.RSh.Imm(asm.R1, shift), asm.And.Imm(asm.R1, 15),
			asm.Add.Imm(asm.R1, '0'),
			asm.JLE.Imm(asm.R1, '9', small),
			asm.Add.Imm(asm.R1, 'a'-'0'-10),
		)
		c.mark(small)
		c.put(at)
		c.mark(skip)
	}
	c.mark(end)
}

// inet is inet_ntop(family, address).
func (c *code) inet(x *ir.Call) {
	family, ok := x.Args[0].(*ir.Const)
	const inet, inet6 = 2, 10
	switch {
	case ok && family.V == inet:
		c.inet4(x, x.Args[1])
	case ok && family.V == inet6:
		c.inet6(x, x.Args[1])
	default:
		c.fail(x.Pos, "inet_ntop( ) needs AF_INET or AF_INET6 as its first argument")
	}
}
