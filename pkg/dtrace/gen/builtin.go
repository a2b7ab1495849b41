package gen

import (
	"strconv"

	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// builtin computes a variable that D itself knows.
func (c *code) builtin(x *ir.Builtin) {
	if c.ofTask(x.Name) {
		return
	}
	switch x.Name {
	case "raw":
		c.rawArg(int(x.Arg.(*ir.Const).V))
	case "pid":
		c.emit(asm.FnGetCurrentPidTgid.Call(), asm.RSh.Imm(asm.R0, 32))
	case "tid":
		c.emit(asm.FnGetCurrentPidTgid.Call(), asm.Mov.Reg32(asm.R0, asm.R0))
	case "uid":
		c.emit(asm.FnGetCurrentUidGid.Call(), asm.Mov.Reg32(asm.R0, asm.R0))
	case "gid":
		c.emit(asm.FnGetCurrentUidGid.Call(), asm.RSh.Imm(asm.R0, 32))
	case "cpu":
		c.emit(asm.FnGetSmpProcessorId.Call())
	case "id":
		c.emit(asm.Mov.Reg(asm.R0, asm.R9))
	case "epid":
		c.emit(asm.Mov.Imm(asm.R0, int32(c.clause.EPID)))
	case "ipl":
		c.emit(asm.Mov.Imm(asm.R0, 0))
	case "curthread":
		c.emit(asm.FnGetCurrentTask.Call())
	case "caller", "ucaller":
		c.caller(x.Name == "ucaller")
	case "stackdepth", "ustackdepth":
		c.stackDepth(x.Name == "ustackdepth")
	case "uregs":
		c.register(x)
	case "zonename":
		c.zoneName()
	case "zoneid":
		c.zone()
		c.zoneWord(0)
	case "cgroup":
		c.emit(asm.FnGetCurrentCgroupId.Call())
	case "timestamp":
		c.emit(asm.LoadMem(asm.R0, asm.R7, int16(c.g.slot.ts), asm.DWord))
	case "walltimestamp":
		c.wallClock()
	case "execname":
		c.execname()
	case "probeprov", "probemod", "probefunc", "probename":
		c.probePart(x.Name)
	case "errno":
		c.errno()
	case "args":
		c.arg(int(x.Arg.(*ir.Const).V))
	default:
		if n, ok := argNumber(x.Name); ok {
			c.arg(n)
			return
		}
		c.fail(c.pos, "the variable %s is not available for %s on this host", x.Name, c.point.Name())
	}
}

// errno is the error of the system call that ends here, 0 anywhere else.
func (c *code) errno() {
	if p, ok := c.point.(interface {
		Errno(label func() string) asm.Instructions
	}); ok {
		c.emit(p.Errno(c.label)...)
		return
	}
	c.emit(asm.Mov.Imm(asm.R0, 0))
}

func argNumber(name string) (int, bool) {
	if len(name) != 4 || name[:3] != "arg" {
		return 0, false
	}
	n, err := strconv.Atoi(name[3:])
	return n, err == nil
}

// ofTask computes a variable of the thread that the probe speaks of, where that
// is not the current one.
func (c *code) ofTask(name string) bool {
	if c.probe == nil || c.probe.Task == nil {
		return false
	}
	x := c.g.prog.TaskVars[name]
	if name == "curthread" {
		x = c.probe.Task
	}
	if x == nil {
		return false
	}
	c.expr(x)
	return true
}

// arg is args[n] as it is before any translation.
func (c *code) arg(n int) {
	if c.inError {
		c.errorArg(n)
		return
	}
	if c.probe != nil && c.probe.Args[n] != nil {
		c.expr(c.probe.Args[n])
		return
	}
	c.rawArg(n)
}

func (c *code) rawArg(n int) {
	ins, err := c.point.Arg(n, buffer)
	if err != nil {
		c.fail(c.pos, "%v", err)
		return
	}
	c.emit(ins...)
}

func (c *code) wallClock() {
	c.emit(
		asm.FnKtimeGetNs.Call(),
		asm.LoadMapValue(asm.R1, 0, StateWall).WithReference(MapState),
		asm.LoadMem(asm.R1, asm.R1, 0, asm.DWord),
		asm.Add.Reg(asm.R0, asm.R1),
	)
}

// execname is the current task's name, in a temporary.
func (c *code) execname() {
	at := c.temp()
	c.slotAddr(asm.R1, at)
	c.emit(asm.Mov.Imm(asm.R2, 16), asm.FnGetCurrentComm.Call())
	c.slotAddr(asm.R0, at)
}

// probePart is a name of the probe that fired: found by its id in a table of
// four string offsets each.
func (c *code) probePart(name string) {
	part := map[string]int32{"probeprov": 0, "probemod": 1, "probefunc": 2, "probename": 3}[name]
	none, end := c.label(), c.label()
	c.emit(
		asm.StoreMem(asm.RFP, buffer, asm.R9, asm.Word),
		asm.LoadMapPtr(asm.R1, 0).WithReference(MapNames),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, int32(buffer)),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, none),
		asm.Add.Imm(asm.R0, part*NameSize),
	)
	c.jump(end)
	c.mark(none)
	c.emit(asm.LoadMapValue(asm.R0, 0, 0).WithReference(MapStrings))
	c.mark(end)
}

// MapNames is a hash by probe id of the four parts of its name, NameSize bytes
// each.
const (
	MapNames = "dt_names"
	NameSize = 64
)
