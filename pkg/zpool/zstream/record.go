package zstream

// Limits that no sender exceeds: they bound memory against hostile sizes.
const (
	maxBlock     = 16 << 20
	maxBonus     = 16<<10 - 192
	maxEmbedded  = 112
	maxNvlist    = 64 << 20 // of a compound stream
	maxInnerList = 1 << 20  // of a snapshot's
	maxObject    = 1 << 48
)

// Record is one record of a stream: *Begin, *Object, *FreeObjects, *Write,
// *Free, *Spill, *Embedded, *ByRef or *End. Data in it is valid until the
// following Next.
type Record any

// Flags of a Begin.
const (
	FlagClone      = 1
	FlagFree       = 4
	FlagSpillBlock = 8
)

// Kinds of object set in a Begin.
const (
	FilesystemSet = 2
	VolumeSet     = 3
)

// Begin starts one snapshot's stream, or (Compound) the header of several.
type Begin struct {
	Compound bool
	Features uint64
	Creation uint64
	Kind     uint32
	Flags    uint32
	ToGUID   uint64
	FromGUID uint64 // 0 in a full stream
	ToName   string
	Nvlist   Nvlist // nil where the stream has none
}

// Resuming tells that the stream continues one that was cut.
func (b *Begin) Resuming() bool { return b.Features&(1<<20) != 0 }

// Object creates an object, or replaces the attributes of one.
type Object struct {
	Number    uint64
	Type      uint32
	BonusType uint32
	BlockSize uint32
	Slots     uint8
	HasSpill  bool
	Bonus     []byte
}

// FreeObjects deletes Count objects from First on.
type FreeObjects struct{ First, Count uint64 }

// Write holds one block of an object's content, decompressed.
type Write struct {
	Object uint64
	Offset uint64
	Data   []byte
}

// Free makes a hole of Length bytes, all ones for "to the end".
type Free struct{ Object, Offset, Length uint64 }

// Spill holds attributes for which the object's bonus had no room.
type Spill struct {
	Object     uint64
	Unmodified bool
	Data       []byte
}

// ByRef copies content out of an object that was sent before.
type ByRef struct {
	Object, Offset, Length        uint64
	RefGUID, RefObject, RefOffset uint64
}

// End closes what the last Begin started.
type End struct{ ToGUID uint64 }
