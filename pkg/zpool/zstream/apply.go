package zstream

import (
	"bytes"
	"fmt"
	"math"
)

// applier is a Receiver in the middle of one stream.
type applier struct {
	*Receiver
	begin *Begin
	last  uint64 // highest object so far
}

func (a *applier) full() bool { return a.begin.FromGUID == 0 }

func (a *applier) apply(rec Record) error {
	switch rec := rec.(type) {
	case *Object:
		return a.object(rec)
	case *FreeObjects:
		return a.freeObjects(rec)
	case *Write:
		return a.write(rec.Object, rec.Offset, rec.Data)
	case *Free:
		return a.free(rec)
	case *Spill:
		return a.spill(rec)
	case *ByRef:
		return a.byRef(rec)
	}
	return fmt.Errorf("a record of type %T does not belong inside a snapshot", rec)
}

func (a *applier) object(rec *Object) error {
	if a.full() && !a.begin.Resuming() && rec.Number <= a.last {
		return fmt.Errorf("object %d comes after object %d", rec.Number, a.last)
	}
	a.last = rec.Number
	fresh := &object{
		kind: rec.Type, bonusType: rec.BonusType, blockSize: rec.BlockSize,
		slots: rec.Slots, bonus: bytes.Clone(rec.Bonus),
	}
	old := a.objects[rec.Number]
	if old != nil {
		fresh.spill = old.spill
		if fresh.spill > 0 && a.begin.Flags&FlagSpillBlock != 0 && !rec.HasSpill {
			fresh.spill = 0
			if err := a.store.Remove(rec.Number | spillKey); err != nil {
				return err
			}
		}
		keep, err := a.keepsContent(old, fresh)
		if err != nil {
			return fmt.Errorf("object %d: %w", rec.Number, err)
		}
		if keep {
			fresh.end = old.end
			a.objects[rec.Number] = fresh
			return nil
		}
	}
	a.objects[rec.Number] = fresh
	return a.store.Create(rec.Number)
}

// keepsContent tells whether an object that is replaced has its content kept:
// a sender counts on the rules that ZFS receives by.
func (a *applier) keepsContent(old, fresh *object) (bool, error) {
	if old.slots != fresh.slots || fresh.pointers() < old.pointers() {
		return false, nil
	}
	if old.blockSize == fresh.blockSize {
		return true, nil
	}
	if a.full() || old.kind != typeFile || fresh.kind != typeFile || old.end <= int64(old.blockSize) {
		return false, nil
	}
	before, err := a.attributes(old, 0)
	if err != nil {
		return false, err
	}
	after, err := a.attributes(fresh, 0)
	if err != nil {
		return false, err
	}
	return before.gen == after.gen, nil
}

// pointers is how many block pointers fit beside the bonus.
func (o *object) pointers() int {
	const room, pointer = 320, 128
	if o.bonusType == bonusSA {
		return 1
	}
	return 1 + (room-min(room, len(o.bonus)))/pointer
}

func (a *applier) freeObjects(rec *FreeObjects) error {
	if rec.Count < uint64(len(a.objects)) {
		for i := range rec.Count {
			if err := a.remove(rec.First + i); err != nil {
				return err
			}
		}
		return nil
	}
	for number := range a.objects {
		if number >= rec.First && number-rec.First < rec.Count {
			if err := a.remove(number); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *applier) remove(number uint64) error {
	o := a.objects[number]
	if o == nil {
		return nil
	}
	delete(a.objects, number)
	if o.spill > 0 {
		if err := a.store.Remove(number | spillKey); err != nil {
			return err
		}
	}
	return a.store.Remove(number)
}

// existing is an object that content may be put into.
func (a *applier) existing(number uint64) (*object, error) {
	if o := a.objects[number]; o != nil {
		return o, nil
	}
	return nil, fmt.Errorf("content comes for object %d, which does not exist", number)
}

func (a *applier) write(number, offset uint64, data []byte) error {
	o, err := a.existing(number)
	if err != nil {
		return err
	}
	o.end = max(o.end, int64(offset)+int64(len(data)))
	return a.store.WriteAt(number, data, int64(offset))
}

func (a *applier) free(rec *Free) error {
	o := a.objects[rec.Object]
	if o == nil || rec.Offset >= uint64(o.end) {
		return nil
	}
	end := o.end
	if rec.Length <= math.MaxInt64 && rec.Offset+rec.Length < uint64(end) {
		end = int64(rec.Offset + rec.Length)
	} else {
		o.end = int64(rec.Offset)
	}
	return a.store.Punch(rec.Object, int64(rec.Offset), end)
}

func (a *applier) spill(rec *Spill) error {
	o, err := a.existing(rec.Object)
	if err != nil || rec.Unmodified && o.spill > 0 {
		return err
	}
	o.spill = len(rec.Data)
	if err := a.store.Create(rec.Object | spillKey); err != nil {
		return err
	}
	return a.store.WriteAt(rec.Object|spillKey, rec.Data, 0)
}

// byRef copies within the snapshot that is being received; streams that name
// others come from pools too old to be met.
func (a *applier) byRef(rec *ByRef) error {
	if rec.RefGUID != a.begin.ToGUID {
		return fmt.Errorf("the stream is deduplicated against snapshot %d, which is not supported: send it without -D", rec.RefGUID)
	}
	if _, err := a.existing(rec.RefObject); err != nil {
		return err
	}
	data := make([]byte, rec.Length)
	if err := a.content(rec.RefObject, data, int64(rec.RefOffset)); err != nil {
		return err
	}
	return a.write(rec.Object, rec.Offset, data)
}
