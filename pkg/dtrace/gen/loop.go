package gen

import (
	"slices"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// Work on strings whose time depends on their content runs in loops that the
// kernel steps: a body is verified once, however often it runs. What a body
// knows lies in words of the slot, so that to the verifier each step looks like
// any other.

// The words of the slot's work area.
const (
	workLen    = 8 * iota // bytes of the text that is read
	workKeyLen            // bytes of what is looked for
	workAt                // where the text is read next
	workState             // what a body makes of it
	workResult            // -1 while there is none
	workLimit             // the greatest result that counts
	workFirst             // 1: the first result is the one that is wanted
	workOut               // bytes that are written
	workStart             // where the current part begins
	workBase              // what lies before this stays
	workWords
)

// workSize is the words, the text, what is looked for or made of it, and two
// bytes for each of its bytes.
func (g *Generator) workSize() int { return workWords + 2*g.strSize + 2*g.strSize }

// The areas of the work area behind its words.
func (g *Generator) workText() int  { return g.slot.work + workWords }
func (g *Generator) workKey() int   { return g.workText() + g.strSize }
func (g *Generator) workTable() int { return g.workKey() + g.strSize }

// A step is the body of a loop. R7 is the slot; stop() leaves the loop.
type step func(c *code)

// loop runs a body at most n times. Bodies of one name are the same.
func (c *code) loop(name string, n int, body step) {
	c.addSub(name, body)
	c.emit(
		asm.StoreMem(asm.RFP, buffer, asm.R7, asm.DWord),
		asm.Mov.Imm(asm.R1, int32(n)),
		asm.Instruction{OpCode: asm.LoadImmOp(asm.DWord), Dst: asm.R2, Src: asm.PseudoFunc, Constant: -1}.WithReference(name),
		asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, int32(buffer)),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnLoop.Call(),
	)
}

// addSub makes a loop's body a function of the program.
func (c *code) addSub(name string, body step) {
	if slices.ContainsFunc(c.subs, func(s sub) bool { return s.name == name }) {
		return
	}
	s := newCode(c.g, c.point)
	s.prefix = name + "_"
	s.emit(asm.LoadMem(asm.R7, asm.R2, 0, asm.DWord).WithSymbol(name))
	body(s)
	s.emit(asm.Mov.Imm(asm.R0, 0), asm.Return())
	s.mark(s.stopLabel())
	s.emit(asm.Mov.Imm(asm.R0, 1), asm.Return())
	ins, err := s.finish()
	if err != nil && c.err == nil {
		c.err = err
	}
	c.subs = append(c.subs, sub{name, ins})
}

// sub is a function of a program beside its main one.
type sub struct {
	name string
	ins  asm.Instructions
}

func (c *code) stopLabel() string { return c.prefix + "stop" }

// next goes on with the next step of a loop.
func (c *code) next() { c.emit(asm.Mov.Imm(asm.R0, 0), asm.Return()) }

// withSubs puts a program's functions behind it. The kernel wants to know the
// types of all when any is called by its address.
func (c *code) withSubs(main asm.Instructions) asm.Instructions {
	if len(c.subs) == 0 {
		return main
	}
	number := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	wide := &btf.Int{Name: "unsigned long", Size: 8}
	pointer := &btf.Pointer{Target: (*btf.Void)(nil)}
	declare := func(ins asm.Instructions, name string, params ...btf.FuncParam) {
		ins[0] = btf.WithFuncMetadata(ins[0].WithSymbol(name), &btf.Func{
			Name: name, Linkage: btf.StaticFunc, Type: &btf.FuncProto{Return: number, Params: params},
		})
	}
	declare(main, "dt_main", btf.FuncParam{Name: "ctx", Type: pointer})
	for _, s := range c.subs {
		declare(s.ins, s.name, btf.FuncParam{Name: "index", Type: wide}, btf.FuncParam{Name: "slot", Type: pointer})
		main = append(main, s.ins...)
	}
	return main
}

// getWork and setWork move a word of the work area.
func (c *code) getWork(r asm.Register, word int) {
	c.emit(asm.LoadMem(r, asm.R7, int16(c.g.slot.work+word), asm.DWord))
}

func (c *code) setWork(word int, r asm.Register) {
	c.emit(asm.StoreMem(asm.R7, int16(c.g.slot.work+word), r, asm.DWord))
}

func (c *code) setWorkTo(word int, v int32) {
	c.emit(asm.Mov.Imm(asm.R5, v))
	c.setWork(word, asm.R5)
}

// within leaves the loop unless a register is an index into an area of strings.
func (c *code) within(r asm.Register) {
	c.emit(asm.JGE.Imm(r, int32(c.g.strSize), c.stopLabel()))
}

// char loads the byte of an area at an index that is known to be within it.
func (c *code) char(to asm.Register, area int, index asm.Register) {
	c.slotAddr(to, area)
	c.emit(asm.Add.Reg(to, index), asm.LoadMem(to, to, 0, asm.Byte))
}

// putChar stores a byte in an area; at is changed.
func (c *code) storeChar(area int, at, value asm.Register) {
	c.emit(asm.Add.Reg(at, asm.R7), asm.Add.Imm(at, int32(area)), asm.StoreMem(at, 0, value, asm.Byte))
}

// workString reads a string into an area and stores its length.
func (c *code) workString(x int16, area, length int) {
	c.slotAddr(asm.R1, area)
	c.emit(
		asm.Mov.Imm(asm.R2, int32(c.g.strCap)),
		asm.LoadMem(asm.R3, asm.RFP, x, asm.DWord),
		asm.FnProbeReadKernelStr.Call(),
	)
	c.faultIfNegative(x)
	c.emit(asm.Sub.Imm(asm.R0, 1))
	c.setWork(length, asm.R0)
}

// pieceTo copies a part of an area to the temporary at to: R0 is where it
// begins, R2 its length. The address is the result.
func (c *code) pieceTo(to, area, size int) {
	c.emit(asm.Add.Imm(asm.R2, 1))
	c.copyPiece(to, area, size)
}
