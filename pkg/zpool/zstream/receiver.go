package zstream

import (
	"errors"
	"fmt"
	"math"
)

// Store keeps the objects of one dataset. Numbers are opaque. What Get
// returns may be changed by its caller, who then puts it back.
type Store interface {
	// Get describes an object, nil when there is none of that number.
	Get(object uint64) (*Dnode, error)
	// Put takes in an object's description. Content stays as it is.
	Put(object uint64, d *Dnode) error
	// Next is the first object that is not below from, 0 when there is none.
	Next(from uint64) (uint64, error)
	// Create empties an object that was put, or starts it.
	Create(object uint64) error
	// WriteAt puts p at off.
	WriteAt(object uint64, p []byte, off int64) error
	// ReadAt fills p, with zeros where nothing was written.
	ReadAt(object uint64, p []byte, off int64) error
	// Punch makes a hole from off to end; the object's content ends at size.
	Punch(object uint64, off, end, size int64) error
	// SetSpill keeps an object's spill block; nil drops it.
	SetSpill(object uint64, p []byte) error
	// Spill returns an object's spill block.
	Spill(object uint64) ([]byte, error)
	// Remove drops an object, its description too.
	Remove(object uint64) error
}

// Dnode describes an object, as its last OBJECT record did.
type Dnode struct {
	Kind, BonusType, BlockSize uint32
	Slots                      uint8
	HasSpill                   bool
	Bonus                      []byte
	End                        int64 // content was written up to here
}

// Object types that a dataset's tree is made of.
const (
	TypeFile      = 19 // all that is no directory
	TypeDirectory = 20
	TypeVolume    = 23

	typeMaster  = 21
	typeSAFirst = 44
	typeSALast  = 47
)

// Receiver applies streams to the objects of one dataset in a Store. After
// Apply failed it is good for nothing but a stream that resumes.
type Receiver struct {
	store   Store
	kind    uint32
	guid    uint64    // snapshot that is held, 0 for none
	partial uint64    // snapshot that is being received
	tables  *saTables // of the state that is held, read when needed
}

// NewReceiver returns an empty dataset whose objects go to store.
func NewReceiver(store Store) *Receiver { return &Receiver{store: store} }

// Hold returns a dataset whose objects store holds already, as of snapshot
// guid of an object set of some kind.
func Hold(store Store, kind uint32, guid uint64) *Receiver {
	return &Receiver{store: store, kind: kind, guid: guid}
}

// Part returns a dataset of which a part of snapshot guid is there, on top of
// snapshot from; only a stream that resumes it can be applied.
func Part(store Store, kind uint32, guid, from uint64) *Receiver {
	return &Receiver{store: store, kind: kind, guid: from, partial: guid}
}

// GUID is the snapshot that is held, 0 for none.
func (r *Receiver) GUID() uint64 { return r.guid }

// Kind is FilesystemSet or VolumeSet.
func (r *Receiver) Kind() uint32 { return r.kind }

// Apply takes in the stream that begin started, up to its END.
func (r *Receiver) Apply(src *Reader, begin *Begin) error {
	if err := r.accept(begin); err != nil {
		return fmt.Errorf("receive %q: %w", begin.ToName, err)
	}
	r.partial, r.kind, r.tables = begin.ToGUID, begin.Kind, nil
	a := applier{Receiver: r, begin: begin}
	for {
		rec, err := src.Next()
		if err != nil {
			return fmt.Errorf("receive %q: %w", begin.ToName, err)
		}
		if _, end := rec.(*End); end {
			break
		}
		if err := a.apply(rec); err != nil {
			return fmt.Errorf("receive %q: %w", begin.ToName, err)
		}
	}
	r.guid, r.partial = r.partial, 0
	return nil
}

// accept tells whether a stream continues what is held.
func (r *Receiver) accept(begin *Begin) error {
	switch {
	case begin.Compound:
		return errors.New("the header of a compound stream is not a snapshot")
	case begin.Kind != FilesystemSet && begin.Kind != VolumeSet:
		return fmt.Errorf("object set of kind %d is neither file system nor volume", begin.Kind)
	case begin.Resuming():
		if r.partial != begin.ToGUID {
			return fmt.Errorf("the stream resumes snapshot %d, of which nothing was received", begin.ToGUID)
		}
	case r.partial != 0:
		return fmt.Errorf("snapshot %d was received in part: only a stream that resumes it fits", r.partial)
	case begin.FromGUID != r.guid && begin.FromGUID == 0:
		return errors.New("the stream is a full one, but the dataset has content")
	case begin.FromGUID != r.guid:
		return fmt.Errorf("the stream is incremental from snapshot %d, but the dataset is at %d", begin.FromGUID, r.guid)
	}
	return nil
}

// content fills p from an object, which may have ended before.
func (r *Receiver) content(number uint64, p []byte, off int64) error {
	if err := r.store.ReadAt(number, p, off); err != nil {
		return fmt.Errorf("read object %d: %w", number, err)
	}
	return nil
}

// zapOf opens an object as a table of names.
func (r *Receiver) zapOf(number uint64) (*zap, error) {
	o, err := r.store.Get(number)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, fmt.Errorf("object %d is missing", number)
	}
	return &zap{
		blockSize: int64(o.BlockSize), end: o.End,
		read: func(p []byte, off int64) error { return r.content(number, p, off) },
	}, nil
}

// eachIn calls fn for each entry of the table in object number.
func (r *Receiver) eachIn(number uint64, fn func(name string, v zapValue) error) error {
	z, err := r.zapOf(number)
	if err != nil {
		return err
	}
	if err := z.each(fn); err != nil {
		return fmt.Errorf("object %d: %w", number, err)
	}
	return nil
}

// numbersIn are the entries of a table, those with one number each.
func (r *Receiver) numbersIn(number uint64) (map[string]uint64, error) {
	numbers := map[string]uint64{}
	return numbers, r.eachIn(number, func(name string, v zapValue) error {
		if n, err := v.number(); err == nil {
			numbers[name] = n
		}
		return nil
	})
}

// VolumeSize is the size of a volume, whose content is object 1.
func (r *Receiver) VolumeSize() (int64, error) {
	if r.kind != VolumeSet {
		return 0, errors.New("the dataset is not a volume")
	}
	props, err := r.numbersIn(2)
	if err != nil {
		return 0, err
	}
	size, found := props["size"]
	if !found || size > math.MaxInt64 {
		return 0, fmt.Errorf("the volume's size of %d bytes is impossible", size)
	}
	return int64(size), nil
}
