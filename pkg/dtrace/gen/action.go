package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// stmts runs statements; next counts those with data, as planClause did.
func (c *code) stmts(list []ir.Stmt, next *int) {
	for _, s := range list {
		c.depth, c.temps = 0, 0
		switch s := s.(type) {
		case *ir.Eval:
			c.expr(s.X)
		case *ir.If:
			other, end := c.label(), c.label()
			c.branchUnless(s.Cond, other)
			c.stmts(s.Then, next)
			c.jump(end)
			c.mark(other)
			c.stmts(s.Else, next)
			c.mark(end)
		case *ir.Aggregate:
			c.pos = s.Pos
			c.aggregate(s)
		case *ir.Action:
			c.pos = s.Pos
			c.action(s, &c.clause.Actions[*next])
			*next++
		}
	}
}

func (c *code) action(s *ir.Action, l *ActionLayout) {
	if l.Mark >= 0 {
		c.storeImm(asm.R8, int16(l.Mark), 1)
	}
	switch s.Kind {
	case "exit":
		c.recordWord(s.Args[0], l.Fields[0])
		c.emit(
			asm.LoadMem(asm.R2, asm.R8, int16(l.Fields[0].Off), asm.DWord),
			asm.LoadMapValue(asm.R1, 0, 0).WithReference(MapState),
			asm.StoreMem(asm.R1, StateExit, asm.R2, asm.Word),
			asm.StoreImm(asm.R1, StateActive, Draining, asm.Word),
		)
	case "stack", "ustack", "jstack":
		c.stack(s.Kind, int(s.Num[0]), asm.R8, l.Fields[0].Off, l.Fields[0].Size)
	case "sym", "mod", "func", "addr", "usym", "umod", "ufunc", "uaddr":
		c.symbol(s.Args[0], asm.R8, l.Fields[0].Off)
	case "tracemem":
		c.tracemem(s, l)
	case "speculate", "commit", "discard":
		c.speculation(s, l)
	case "print":
		c.print(s, l)
	case "raise", "stop", "copyout", "copyoutstr":
		c.destructive(s)
	case "chill", "panic", "breakpoint":
		c.fail(s.Pos, "%s( ) is not supported yet", s.Kind)
	default:
		for i, x := range s.Args {
			c.record(x, l.Fields[i])
		}
	}
}

// record puts a value into its field.
func (c *code) record(x ir.Expr, f Field) {
	if call, ok := x.(*ir.Call); ok && f.Sym != "" {
		if f.Type.Base().Kind == ctype.Stack {
			c.stack(call.Fn, int(call.Args[0].(*ir.Const).V), asm.R8, f.Off, f.Size)
		} else {
			c.symbol(call.Args[0], asm.R8, f.Off)
		}
		return
	}
	if isWord(f.Type) {
		c.recordWord(x, f)
		return
	}
	c.expr(x)
	word := c.push()
	if c.g.rawBytes {
		c.zero(asm.R8, f.Off, round8(f.Size))
	}
	c.emit(asm.Mov.Reg(asm.R1, asm.R8), asm.Add.Imm(asm.R1, int32(f.Off)))
	c.emit(asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord))
	if x.Type().IsString() {
		c.emit(asm.Mov.Imm(asm.R2, int32(min(f.Size, c.g.strCap))), asm.FnProbeReadKernelStr.Call())
		c.faultIfNegative(word)
		c.depth--
		return
	}
	c.emit(asm.Mov.Imm(asm.R2, int32(max(1, x.Type().Bytes()))))
	if spaceOf(x) == ir.User {
		c.emit(asm.FnProbeReadUser.Call())
	} else {
		c.emit(asm.FnProbeReadKernel.Call())
	}
	c.faultIf(FaultBadAddr, word)
	c.depth--
}

func (c *code) recordWord(x ir.Expr, f Field) {
	c.expr(x)
	c.emit(asm.StoreMem(asm.R8, int16(f.Off), asm.R0, asm.DWord))
}

// stack takes a stack: the pid in the first word, then the addresses.
func (c *code) stack(kind string, frames int, base asm.Register, off, size int) {
	flags := int32(0)
	switch own := c.ownFrames(); {
	case kind != "stack":
		flags = userStack
	case own == allFrames: // the consumer leaves other probes' own frames out
		flags = own
	}
	c.zero(base, off, size)
	c.emit(
		asm.FnGetCurrentPidTgid.Call(),
		asm.StoreMem(base, int16(off), asm.R0, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.R6),
		asm.Mov.Reg(asm.R2, base),
		asm.Add.Imm(asm.R2, int32(off+8)),
		asm.Mov.Imm(asm.R3, int32(8*frames)),
		asm.Mov.Imm(asm.R4, flags),
		asm.FnGetStack.Call(),
	)
}

// symbol stores an address and whose it is.
func (c *code) symbol(x ir.Expr, base asm.Register, off int) {
	c.expr(x)
	c.emit(asm.StoreMem(base, int16(off), asm.R0, asm.DWord))
	c.emit(asm.FnGetCurrentPidTgid.Call(), asm.RSh.Imm(asm.R0, 32), asm.StoreMem(base, int16(off+8), asm.R0, asm.DWord))
}

func (c *code) tracemem(s *ir.Action, l *ActionLayout) {
	f := l.Fields[0]
	c.expr(s.Args[0])
	word := c.push()
	c.emit(
		asm.Mov.Reg(asm.R1, asm.R8), asm.Add.Imm(asm.R1, int32(f.Off)),
		asm.Mov.Imm(asm.R2, int32(f.Size)),
		asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord),
	)
	if s.Args[0].Type().IsPointer() && s.Args[0].Type().Base().User {
		c.emit(asm.FnProbeReadUser.Call())
	} else {
		c.emit(asm.FnProbeReadKernel.Call())
	}
	c.faultIf(FaultBadAddr, word)
	c.depth--
	if len(s.Args) > 1 {
		c.recordWord(s.Args[1], l.Fields[1])
	}
}

func (c *code) call(x *ir.Call) {
	switch x.Fn {
	case "inet_ntoa":
		c.inet4(x.Args[0])
	case "inet_ntoa6":
		c.inetNtoa6(x)
	case "inet_ntop":
		c.inetNtop(x)
	case "link_ntop":
		c.linkNtop(x)
	case "d_path":
		c.path(x)
	case "__args":
		c.arguments(x)
	case "zoneid":
		c.expr(x.Args[0])
		c.zoneOf()
		c.zoneWord(0)
	case "progenyof":
		c.progenyOf(x)
	case "rand":
		c.emit(asm.FnGetPrandomU32.Call(), asm.RSh.Imm32(asm.R0, 1))
	case "alloca":
		c.expr(x.Args[0])
		c.alloca()
	case "copyin":
		c.copyin(x)
	case "copyinto":
		c.copyinto(x)
	case "bcopy":
		c.bcopy(x)
	case "copyinstr":
		c.copyinstr(x)
	case "strjoin":
		c.strjoin(x)
	case "substr":
		c.substr(x)
	case "index", "rindex":
		c.index(x, x.Fn == "rindex")
	case "strstr":
		c.strstr(x)
	case "strtok":
		c.strtok(x)
	case "cleanpath":
		c.cleanpath(x)
	case "strchr", "strrchr":
		c.findChar(x, x.Fn == "strrchr")
	case "toupper":
		c.changeCase(x, 'a')
	case "tolower":
		c.changeCase(x, 'A')
	case "basename", "dirname":
		c.pathPart(x, x.Fn == "dirname")
	case "lltostr":
		c.lltostr(x)
	case "speculation":
		c.newSpeculation()
	case "strtoll":
		c.strtoll(x)
	case "strlen":
		c.strlen(x)
	case "htons", "ntohs":
		c.expr(x.Args[0])
		c.emit(asm.HostTo(asm.BE, asm.R0, asm.Half))
	case "htonl", "ntohl":
		c.expr(x.Args[0])
		c.emit(asm.HostTo(asm.BE, asm.R0, asm.Word))
	case "htonll", "ntohll":
		c.expr(x.Args[0])
		c.emit(asm.HostTo(asm.BE, asm.R0, asm.DWord))
	case "getmajor":
		c.expr(x.Args[0])
		c.emit(asm.Mov.Reg32(asm.R0, asm.R0), asm.RSh.Imm(asm.R0, 20))
	case "getminor":
		c.expr(x.Args[0])
		c.emit(asm.And.Imm(asm.R0, 1<<20-1))
	default:
		c.fail(x.Pos, "%s( ) is not supported yet", x.Fn)
	}
}

// strlen lets the kernel measure: copying a string tells its length.
func (c *code) strlen(x *ir.Call) {
	c.expr(x.Args[0])
	at := c.temp()
	word := c.push()
	c.slotAddr(asm.R1, at)
	c.emit(
		asm.Mov.Imm(asm.R2, int32(c.g.strCap)),
		asm.LoadMem(asm.R3, asm.RFP, word, asm.DWord),
		asm.FnProbeReadKernelStr.Call(),
	)
	c.faultIfNegative(word)
	c.emit(
		asm.Sub.Imm(asm.R0, 1),
	)
	c.depth--
}

// compareStrings leaves less than, equal to or above zero in R0. The strings
// are copied to padded temporaries and compared eight bytes at a time.
func (c *code) compareStrings(x *ir.Compare) {
	c.expr(x.X)
	c.push()
	c.expr(x.Y)
	c.push()
	b, a := c.temp(), c.temp()
	for _, at := range []int{b, a} {
		c.zero(asm.R7, at, c.g.strSize)
		c.slotAddr(asm.R1, at)
		c.emit(asm.Mov.Imm(asm.R2, int32(c.g.strCap)))
		c.pop(asm.R3)
		c.emit(asm.FnProbeReadKernelStr.Call())
	}
	end := c.label()
	for i := 0; i < c.g.strSize; i += 8 {
		same := c.label()
		c.emit(
			asm.LoadMem(asm.R1, asm.R7, int16(a+i), asm.DWord),
			asm.LoadMem(asm.R2, asm.R7, int16(b+i), asm.DWord),
			asm.JEq.Reg(asm.R1, asm.R2, same),
			asm.HostTo(asm.BE, asm.R1, asm.DWord),
			asm.HostTo(asm.BE, asm.R2, asm.DWord),
			asm.Mov.Imm(asm.R0, 1),
			asm.JGT.Reg(asm.R1, asm.R2, end),
			asm.Mov.Imm(asm.R0, -1),
		)
		c.jump(end)
		c.mark(same)
	}
	c.emit(asm.Mov.Imm(asm.R0, 0))
	c.mark(end)
}
