package zstream

import (
	"errors"
	"fmt"
)

var errGone = errors.New("there is no such object")

// masterObject describes a file system: its version, its root, its tables.
const masterObject = 1

// attributes reads a file's attributes; number is its object, for the spill
// block, or 0 to leave that out.
func (r *Receiver) attributes(o *Dnode, number uint64) (*znode, error) {
	switch o.BonusType {
	case bonusZnode:
		return parseZnode(o.Bonus)
	case bonusSA:
	default:
		return nil, fmt.Errorf("bonus of type %d holds no file attributes", o.BonusType)
	}
	tables, err := r.saTables()
	if err != nil {
		return nil, err
	}
	z := new(znode)
	if err := tables.decode(o.Bonus, z.set); err != nil {
		return nil, err
	}
	if number == 0 || !o.HasSpill {
		return z, nil
	}
	spill, err := r.store.Spill(number)
	if err != nil {
		return nil, fmt.Errorf("read spill block of object %d: %w", number, err)
	}
	return z, tables.decode(spill, z.set)
}

// saTables reads where the dataset keeps its attributes.
func (r *Receiver) saTables() (*saTables, error) {
	if r.tables != nil {
		return r.tables, nil
	}
	master, err := r.numbersIn(masterObject)
	if err != nil {
		return nil, err
	}
	sa, found := master["SA_ATTRS"]
	if !found {
		return nil, errors.New("the file system names no system attributes")
	}
	places, err := r.numbersIn(sa)
	if err != nil {
		return nil, err
	}
	t := &saTables{attrs: map[uint16]saAttr{}, layouts: map[uint16][]uint16{}}
	if err := r.eachIn(places["REGISTRY"], t.register); err != nil {
		return nil, err
	}
	if err := r.eachIn(places["LAYOUTS"], t.layout); err != nil {
		return nil, err
	}
	r.tables = t
	return t, nil
}
