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
	if err := a.claim(rec); err != nil {
		return err
	}
	if room := int(rec.Slots)*slotSize - dnodeHead; len(rec.Bonus) > room {
		return fmt.Errorf("object %d has a bonus of %d bytes, for which there is no room", rec.Number, len(rec.Bonus))
	}
	fresh := &Dnode{
		Kind: rec.Type, BonusType: rec.BonusType, BlockSize: rec.BlockSize,
		Slots: rec.Slots, Bonus: bytes.Clone(rec.Bonus),
	}
	a.touched(fresh)
	old, err := a.store.Get(rec.Number)
	if err != nil {
		return err
	}
	if old == nil {
		return a.create(rec.Number, fresh)
	}
	a.touched(old)
	fresh.HasSpill = old.HasSpill
	if fresh.HasSpill && a.begin.Flags&FlagSpillBlock != 0 && !rec.HasSpill {
		fresh.HasSpill = false
		if err := a.store.SetSpill(rec.Number, nil); err != nil {
			return err
		}
	}
	keep, err := a.keepsContent(old, fresh)
	if err != nil {
		return fmt.Errorf("object %d: %w", rec.Number, err)
	}
	if !keep {
		return a.create(rec.Number, fresh)
	}
	fresh.End = old.End
	return a.store.Put(rec.Number, fresh)
}

// Sizes of a dnode on disk: each slot, and the least of it that is no bonus.
const (
	slotSize  = 512
	dnodeHead = 192
	maxSlots  = 32
)

// claim makes room for an object of several slots: what else is in them goes,
// since a sender that frees it later says so later. An object inside another's
// slots is none that a pool can hold.
func (a *applier) claim(rec *Object) error {
	if rec.Slots == 1 && a.begin.Features&(1<<featLargeDnode) == 0 {
		return nil
	}
	for before := rec.Number - 1; before > 0 && rec.Number-before < maxSlots; before-- {
		d, err := a.store.Get(before)
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		if before+uint64(d.Slots) > rec.Number {
			return fmt.Errorf("object %d lies inside of object %d", rec.Number, before)
		}
		break
	}
	return a.freeObjects(&FreeObjects{First: rec.Number + 1, Count: uint64(rec.Slots) - 1})
}

func (a *applier) create(number uint64, d *Dnode) error {
	if err := a.store.Put(number, d); err != nil {
		return err
	}
	return a.store.Create(number)
}

// touched forgets the tables of system attributes when one of their objects
// changes.
func (a *applier) touched(d *Dnode) {
	if d.Kind == typeMaster || d.Kind >= typeSAFirst && d.Kind <= typeSALast {
		a.tables = nil
	}
}

// keepsContent tells whether an object that is replaced has its content kept:
// a sender counts on the rules that ZFS receives by.
func (a *applier) keepsContent(old, fresh *Dnode) (bool, error) {
	if old.Slots != fresh.Slots || fresh.pointers() < old.pointers() {
		return false, nil
	}
	if old.BlockSize == fresh.BlockSize {
		return true, nil
	}
	if a.full() || old.Kind != TypeFile || fresh.Kind != TypeFile || old.End <= int64(old.BlockSize) {
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
func (d *Dnode) pointers() int {
	const room, pointer = 320, 128
	if d.BonusType == bonusSA {
		return 1
	}
	return 1 + (room-min(room, len(d.Bonus)))/pointer
}

func (a *applier) freeObjects(rec *FreeObjects) error {
	for number := rec.First; rec.Count > 0; number++ {
		var err error
		if number, err = a.store.Next(number); err != nil || number == 0 || number-rec.First >= rec.Count {
			return err
		}
		if err := a.remove(number); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) remove(number uint64) error {
	d, err := a.store.Get(number)
	if err != nil || d == nil {
		return err
	}
	a.touched(d)
	return a.store.Remove(number)
}

// existing is an object that content may be put into.
func (a *applier) existing(number uint64) (*Dnode, error) {
	d, err := a.store.Get(number)
	if err != nil {
		return nil, err
	}
	if d == nil {
		return nil, fmt.Errorf("content comes for object %d, which does not exist", number)
	}
	a.touched(d)
	return d, nil
}

func (a *applier) write(number, offset uint64, data []byte) error {
	d, err := a.existing(number)
	if err != nil {
		return err
	}
	if end := int64(offset) + int64(len(data)); end > d.End {
		d.End = end
		if err := a.store.Put(number, d); err != nil {
			return err
		}
	}
	return a.store.WriteAt(number, data, int64(offset))
}

func (a *applier) free(rec *Free) error {
	d, err := a.store.Get(rec.Object)
	if err != nil || d == nil || rec.Offset >= uint64(d.End) {
		return err
	}
	a.touched(d)
	end := d.End
	if rec.Length <= math.MaxInt64 && rec.Offset+rec.Length < uint64(end) {
		end = int64(rec.Offset + rec.Length)
	} else {
		d.End = int64(rec.Offset)
		if err := a.store.Put(rec.Object, d); err != nil {
			return err
		}
	}
	return a.store.Punch(rec.Object, int64(rec.Offset), end, d.End)
}

func (a *applier) spill(rec *Spill) error {
	d, err := a.existing(rec.Object)
	if err != nil || rec.Unmodified && d.HasSpill {
		return err
	}
	d.HasSpill = true
	if err := a.store.Put(rec.Object, d); err != nil {
		return err
	}
	return a.store.SetSpill(rec.Object, rec.Data)
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
