package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// pathDepth bounds how many names and mounts of a path are followed; what is
// above is left out.
const pathDepth = 24

// pathOffsets are the constant arguments of the call d_path that the checker
// makes: offsets in the kernel's structures.
type pathOffsets struct {
	parent, name, length       int32 // in struct dentry
	root                       int32 // in struct vfsmount
	mount, mountpoint, mParent int32 // of a vfsmount in struct mount, and in that
}

// path is d_path(&file->f_path): names from the last one up, across mounts.
// They are written from the end of a temporary, so that each goes before what
// is there already.
func (c *code) path(x *ir.Call) {
	k := func(i int) int32 { return int32(x.Args[i].(*ir.Const).V) }
	o := pathOffsets{k(2), k(3), k(4), k(5), k(6), k(7), k(8)}
	c.expr(x.Args[0])
	dentry := c.push()
	c.expr(x.Args[1])
	mount := c.push()
	pos := c.push()
	at := c.temp()
	last := int32(c.g.strCap - 1)
	c.emit(asm.Mov.Imm(asm.R1, 0), asm.StoreMem(asm.R7, int16(at+int(last)), asm.R1, asm.Byte))
	c.emit(asm.Mov.Imm(asm.R1, last), asm.StoreMem(asm.RFP, pos, asm.R1, asm.DWord))
	done := c.label()
	for range pathDepth {
		c.pathStep(o, dentry, mount, pos, at, done)
	}
	c.mark(done)
	c.pathResult(pos, at)
	c.depth -= 3
}

// member reads a word of the structure whose address is in a stack word into R0
// and leaves the path when it cannot.
func (c *code) member(word int16, off int32, size int, done string) {
	c.emit(
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(buffer)),
		asm.Mov.Imm(asm.R2, int32(size)),
		asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord), asm.Add.Imm(asm.R3, off),
		asm.FnProbeReadKernel.Call(),
		asm.JNE.Imm(asm.R0, 0, done),
		asm.LoadMem(asm.R0, asm.RFP, buffer, sizeOf(size)),
	)
}

// pathStep goes one name or one mount up.
func (c *code) pathStep(o pathOffsets, dentry, mount, pos int16, at int, done string) {
	name, end := c.label(), c.label()
	c.member(mount, o.root, 8, done)
	c.emit(asm.LoadMem(asm.R1, asm.RFP, dentry, asm.DWord), asm.JNE.Reg(asm.R0, asm.R1, name))
	// At the root of a mount: on with where it is mounted.
	c.member(mount, o.mParent-o.mount, 8, done)
	c.emit(
		asm.Add.Imm(asm.R0, o.mount),
		asm.LoadMem(asm.R1, asm.RFP, mount, asm.DWord),
		asm.JEq.Reg(asm.R0, asm.R1, done),
		asm.StoreMem(asm.RFP, pos-8, asm.R0, asm.DWord),
	)
	c.member(mount, o.mountpoint-o.mount, 8, done)
	c.emit(
		asm.StoreMem(asm.RFP, dentry, asm.R0, asm.DWord),
		asm.LoadMem(asm.R0, asm.RFP, pos-8, asm.DWord),
		asm.StoreMem(asm.RFP, mount, asm.R0, asm.DWord),
	)
	c.jump(end)
	c.mark(name)
	c.pathName(o, dentry, pos, at, done)
	c.mark(end)
}

// pathName puts one name before the rest.
func (c *code) pathName(o pathOffsets, dentry, pos int16, at int, done string) {
	c.member(dentry, o.parent, 8, done)
	c.emit(
		asm.LoadMem(asm.R1, asm.RFP, dentry, asm.DWord),
		asm.JEq.Reg(asm.R0, asm.R1, done),
		asm.StoreMem(asm.RFP, pos-8, asm.R0, asm.DWord),
	)
	c.member(dentry, o.length, 4, done)
	c.keep(0, asm.R0)
	c.member(dentry, o.name, 8, done)
	c.emit(asm.Mov.Reg(asm.R3, asm.R0))
	c.kept(0, asm.R2)
	limit := int32(c.g.strCap - 1)
	c.emit(
		asm.JGT.Imm(asm.R2, limit, done),
		asm.LoadMem(asm.R1, asm.RFP, pos, asm.DWord),
		asm.Sub.Reg(asm.R1, asm.R2), asm.Sub.Imm(asm.R1, 1),
	)
	c.keep(1, asm.R1)
	c.kept(1, asm.R4)
	c.emit(
		asm.JSLT.Imm(asm.R4, 0, done), asm.JGT.Imm(asm.R4, limit, done),
		asm.StoreMem(asm.RFP, pos, asm.R4, asm.DWord),
	)
	c.slotAddr(asm.R1, at)
	c.emit(
		asm.Add.Reg(asm.R1, asm.R4),
		asm.Mov.Imm(asm.R0, '/'),
		asm.StoreMem(asm.R1, 0, asm.R0, asm.Byte),
		asm.Add.Imm(asm.R1, 1),
		asm.FnProbeReadKernel.Call(),
		asm.JNE.Imm(asm.R0, 0, done),
		asm.LoadMem(asm.R0, asm.RFP, pos-8, asm.DWord),
		asm.StoreMem(asm.RFP, dentry, asm.R0, asm.DWord),
	)
}

// pathResult moves the path to the beginning of a temporary; no name is the root.
func (c *code) pathResult(pos int16, at int) {
	last := int32(c.g.strCap - 1)
	some := c.label()
	c.emit(asm.LoadMem(asm.R0, asm.RFP, pos, asm.DWord), asm.JNE.Imm(asm.R0, last, some))
	c.emit(
		asm.Mov.Imm(asm.R1, '/'), asm.StoreMem(asm.R7, int16(at+int(last)-1), asm.R1, asm.Byte),
		asm.Mov.Imm(asm.R0, last-1),
	)
	c.mark(some)
	c.keep(0, asm.R0)
	c.kept(0, asm.R0)
	c.emit(asm.Mov.Imm(asm.R2, int32(c.g.strCap)))
	c.copyPiece(c.temp(), at, c.g.strCap)
}

// arguments is __args(start, end): the words of a command line with a blank
// between them.
func (c *code) arguments(x *ir.Call) {
	c.expr(x.Args[0])
	start := c.push()
	c.expr(x.Args[1])
	c.emit(asm.LoadMem(asm.R1, asm.RFP, start, asm.DWord), asm.Sub.Reg(asm.R0, asm.R1))
	at := c.temp()
	c.zero(asm.R7, at, c.g.strSize)
	fits := c.label()
	most := int32(c.g.strCap - 1)
	c.keep(0, asm.R0)
	c.kept(0, asm.R2)
	c.emit(asm.JLE.Imm(asm.R2, most, fits), asm.Mov.Imm(asm.R2, most))
	c.mark(fits)
	c.keep(1, asm.R2)
	c.slotAddr(asm.R1, at)
	c.emit(asm.LoadMem(asm.R3, asm.RFP, start, asm.DWord), asm.FnProbeReadUser.Call())
	c.kept(1, asm.R2)
	c.emit(asm.Sub.Imm(asm.R2, 1))
	end := c.label()
	for i := range int(most) {
		next := c.label()
		c.emit(
			asm.JSLE.Imm(asm.R2, int32(i), end),
			asm.LoadMem(asm.R1, asm.R7, int16(at+i), asm.Byte),
			asm.JNE.Imm(asm.R1, 0, next),
			asm.Mov.Imm(asm.R1, ' '),
			asm.StoreMem(asm.R7, int16(at+i), asm.R1, asm.Byte),
		)
		c.mark(next)
	}
	c.mark(end)
	c.depth--
	c.slotAddr(asm.R0, at)
}
