package gen

import (
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// MapZones is a hash by the id of a zone's control group of what the zone is
// called: its id (s32), its slot (u32), its name. A thread in none of them is
// the global zone's.
const (
	MapZones     = "dt_zones"
	ZoneSize     = 8 + ZoneNameSize
	ZoneNameSize = 64
)

// ZoneLevel is how deep a zone's control group is in the tree: the root, that of
// all zones, the zone's.
const ZoneLevel = 2

// Slots of zones in MapZones: a comparison with a name is one of slots, which
// stay when a zone boots again under another id.
const (
	ZoneGlobal  = 0
	ZoneUnnamed = 0xffffffff // no program compares with it
)

const global = "global"

// ZoneSlot is the number under which programs compare a zone's name.
func (g *Generator) ZoneSlot(name string) uint32 {
	if name == global {
		return ZoneGlobal
	}
	for i, n := range g.zones {
		if n == name {
			return uint32(i + 1)
		}
	}
	return ZoneUnnamed
}

// nameZone gives a zone that a program compares with a slot.
func (g *Generator) nameZone(name string) {
	if g.ZoneSlot(name) == ZoneUnnamed {
		g.zones = append(g.zones, name)
	}
}

// planZones notes what an expression wants to know of zones.
func (g *Generator) planZones(x ir.Expr) {
	switch x := x.(type) {
	case *ir.Builtin:
		if x.Name == "zonename" || x.Name == "zoneid" {
			g.Zones = true
			g.str(global)
		}
	case *ir.Call:
		g.Zones = g.Zones || x.Fn == "zoneid"
	case *ir.Compare:
		if name, ok := zoneCompare(x); ok {
			g.nameZone(name)
		}
	}
}

// zoneCompare is the name that a comparison compares zonename with.
func zoneCompare(x *ir.Compare) (string, bool) {
	if x.Op != "==" && x.Op != "!=" {
		return "", false
	}
	for _, side := range [][2]ir.Expr{{x.X, x.Y}, {x.Y, x.X}} {
		b, ok1 := side[0].(*ir.Builtin)
		s, ok2 := side[1].(*ir.Str)
		if ok1 && ok2 && b.Name == "zonename" {
			return s.S, true
		}
	}
	return "", false
}

// zone leaves the zone's entry of MapZones in R0, 0 for the global zone.
func (c *code) zone() {
	if !c.ofTask("zonegroup") {
		c.emit(asm.Mov.Imm(asm.R1, ZoneLevel), asm.FnGetCurrentAncestorCgroupId.Call())
	}
	c.zoneOf()
}

// zoneOf finds the zone of the control group whose id is in R0.
func (c *code) zoneOf() {
	c.emit(
		asm.StoreMem(asm.RFP, buffer, asm.R0, asm.DWord),
		asm.LoadMapPtr(asm.R1, 0).WithReference(MapZones),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, int32(buffer)),
		asm.FnMapLookupElem.Call(),
	)
}

// zoneWord is a word of the zone's entry, 0 for the global zone: its id or slot.
func (c *code) zoneWord(off int16) {
	end := c.label()
	c.emit(asm.JEq.Imm(asm.R0, 0, end), asm.LoadMem(asm.R0, asm.R0, off, asm.Word))
	c.mark(end)
}

func (c *code) zoneName() {
	at := c.temp()
	c.zone()
	none, end := c.label(), c.label()
	c.emit(asm.JEq.Imm(asm.R0, 0, none), asm.Mov.Reg(asm.R3, asm.R0), asm.Add.Imm(asm.R3, 8))
	c.jump(end)
	c.mark(none)
	c.emit(asm.LoadMapValue(asm.R3, 0, uint32(c.g.str(global))).WithReference(MapStrings))
	c.mark(end)
	c.slotAddr(asm.R1, at)
	c.emit(asm.Mov.Imm(asm.R2, int32(min(ZoneNameSize, c.g.strSize))), asm.FnProbeReadKernelStr.Call())
	c.slotAddr(asm.R0, at)
}

// compareZone jumps when the zone's name is not as the comparison says.
func (c *code) compareZone(x *ir.Compare, name, label string) {
	c.zone()
	c.zoneWord(4)
	c.constant(asm.R1, int64(c.g.ZoneSlot(name)))
	c.emit(negated[x.Op][0].Reg(asm.R0, asm.R1, label))
}
