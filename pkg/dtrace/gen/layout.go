package gen

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// Names of the maps that programs refer to.
const (
	MapState   = "dt_state"   // array of one State
	MapScratch = "dt_scratch" // array of the slots of all CPUs
	MapOut     = "dt_out"     // ring buffer of records
	MapDrops   = "dt_drops"   // per-CPU array of Drop* counters
	MapGlobals = "dt_globals" // array of one: global scalars
	MapStrings = "dt_strings" // read-only array of one: string constants
	MapProbes  = "dt_probes"  // array by syscall number: group of clauses, probe id
)

// Offsets in the value of MapState.
const (
	StateActive = 0  // u32: Inactive, Active or Draining
	StateExit   = 4  // u32: exit status
	StateWall   = 8  // u64: ns to add to the monotonic clock for the time of day
	StateSpec   = 16 // u64: speculations handed out
	StateTarget = 24 // u64: $target's pid
	StateSize   = 32
)

// States of a session.
const (
	Inactive = 0
	Active   = 1
	Draining = 2 // only END runs
)

// Drop counters, by index of MapDrops.
const (
	DropPrincipal = iota // the ring buffer was full
	DropNested           // no scratch slot was free
	DropAgg              // an aggregation had no room
	DropDynamic          // a variable had no room
	DropSpec             // no speculation was free
	DropCount
)

// Slots per CPU: ownSlots belong to one point each (see ownSlot), the others are
// how deep probes may nest in each other.
const (
	ownSlots    = 2
	nestedSlots = 4
	Slots       = ownSlots + nestedSlots
)

// HeaderSize is the size of what every record begins with: clause u32, probe u32, cpu u32,
// kind u32 (KindData, KindError), spec u64.
const HeaderSize = 32

// Kinds of record.
const (
	KindData = iota
	KindError
)

// Field is one piece of data in a record.
type Field struct {
	Off, Size int
	Type      *ctype.Type
	Sym       string // stack, ustack, sym ... for those
}

// ActionLayout is where the data of one action lies.
type ActionLayout struct {
	Action *ir.Action
	Fields []Field
	Stmt   int // its number in the clause, from 1
	Mark   int // offset of a byte that is 1 when a branch reached it; -1 when always
}

// ClauseLayout is the record of one clause.
type ClauseLayout struct {
	Clause  *ir.Clause
	Size    int // with the header; 0 when the clause leaves no record
	Actions []ActionLayout
	EPID    int // number of its enabling
}

// AggLayout is key and value of one aggregation's map.
type AggLayout struct {
	Agg       *ir.Agg
	Map       string
	Keys      []Field // offsets in the key
	KeySize   int
	ValueSize int // bytes per CPU: a count, then words by function
}

// VarLayout is where a variable lives.
type VarLayout struct {
	Var     *ir.Var
	Map     string  // of a thread-local or associative one
	Off     int     // in MapGlobals, or in the slot's locals
	Keys    []Field // tuple, behind the thread's key
	KeySize int
	Size    int // of the value, a multiple of 8
}

// slot is the plan of one scratch slot.
type slot struct {
	busy    int // u64
	ts      int // u64: timestamp of the clause, 0 when not yet read
	set     int // bits: which clauses of a table run
	fault   int // u64 address, u64 code and place
	errArgs int // arguments of the ERROR probe
	record  int
	recSize int
	locals  int
	locSize int
	key     int // keys of variables
	keySize int
	aggKey  int // key of an aggregation: while it is put together, variables may be read
	aggSize int
	strings int // strCount temporary strings

	strCount int
	work     int // for loops over strings
	tokens   int // the string that strtok() takes apart
	text     int // where addresses become text

	digits      int // where numbers become text
	token       int // u64: where strtok() goes on
	scratchTop  int // u64: bytes of scratch memory that are given out
	scratch     int
	scratchSize int
	size        int
}

// mostStrings is how many temporary strings there are when they are not large.
const mostStrings = 16

// mostSlot bounds a slot: offsets in it have 16 bits.
const mostSlot = 1<<15 - 1

func round8(n int) int { return (n + 7) &^ 7 }

// storage is the bytes that a value of type t takes in a record or key.
func (g *Generator) storage(t *ctype.Type) int {
	switch b := t.Base(); b.Kind {
	case ctype.Str:
		return round8(g.strSize)
	case ctype.Int, ctype.Enum, ctype.Pointer, ctype.Float, ctype.Func:
		return 8
	case ctype.Sym:
		return 16
	}
	return round8(max(t.Bytes(), 8))
}

// aggWords is the number of words of an aggregation's value.
func aggWords(a *ir.Agg) int {
	switch a.Fn {
	case ir.Count:
		return 1
	case ir.Stddev:
		return 4
	case ir.Quantize:
		return 1 + QuantizeBuckets
	case ir.Lquantize:
		return 1 + LquantizeBuckets(a)
	case ir.Llquantize:
		return 1 + LlquantizeBuckets(a)
	}
	return 2
}

// QuantizeBuckets is one for zero and 63 for each sign.
const QuantizeBuckets = 127

// LquantizeBuckets is the levels, and one below and one above.
func LquantizeBuckets(a *ir.Agg) int { return int((a.Args[1]-a.Args[0])/a.Args[2]) + 2 }

// LlquantizeBuckets is the levels of all magnitudes, for both signs, and one
// for what is near zero and two for what is beyond.
func LlquantizeBuckets(a *ir.Agg) int { return 2*len(LlquantizeBounds(a)) + 1 }

// LlquantizeBounds are the lower bounds of the buckets above zero, the last one
// being that of everything beyond.
func LlquantizeBounds(a *ir.Agg) []int64 {
	factor, low, high, steps := a.Args[0], a.Args[1], a.Args[2], a.Args[3]
	unit := int64(1)
	for range low {
		unit *= factor
	}
	bounds := []int64{unit}
	for m := low; m <= high; m++ {
		next := unit * factor
		width := max(next/steps, 1)
		for v := unit - unit%width + width; v <= next; v += width {
			bounds = append(bounds, v)
		}
		unit = next
	}
	return bounds
}
