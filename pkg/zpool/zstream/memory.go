package zstream

import "maps"

// MemTable keeps what a Store knows of its objects, but for their content, in
// memory: for checks and for streams that are known to be small.
type MemTable struct {
	dnodes map[uint64]*Dnode
	spills map[uint64][]byte
	last   uint64 // no object is beyond
}

// NewMemTable returns an empty table.
func NewMemTable() *MemTable {
	return &MemTable{dnodes: map[uint64]*Dnode{}, spills: map[uint64][]byte{}}
}

// Clone returns a copy that shares nothing that changes.
func (m *MemTable) Clone() *MemTable {
	c := &MemTable{dnodes: maps.Clone(m.dnodes), spills: maps.Clone(m.spills), last: m.last}
	for object, d := range c.dnodes {
		own := *d
		c.dnodes[object] = &own
	}
	return c
}

// Get describes an object.
func (m *MemTable) Get(object uint64) (*Dnode, error) { return m.dnodes[object], nil }

// Put takes in a description.
func (m *MemTable) Put(object uint64, d *Dnode) error {
	m.dnodes[object], m.last = d, max(m.last, object)
	return nil
}

// Next is the first object from one on.
func (m *MemTable) Next(from uint64) (uint64, error) {
	if from > m.last {
		return 0, nil
	}
	if m.last-from < uint64(len(m.dnodes)) {
		for ; from <= m.last; from++ {
			if m.dnodes[from] != nil {
				return from, nil
			}
		}
		return 0, nil
	}
	var next uint64
	for object := range m.dnodes {
		if object >= from && (next == 0 || object < next) {
			next = object
		}
	}
	return next, nil
}

// SetSpill keeps a spill block.
func (m *MemTable) SetSpill(object uint64, p []byte) error {
	m.spills[object] = append([]byte(nil), p...)
	return nil
}

// Spill returns a spill block.
func (m *MemTable) Spill(object uint64) ([]byte, error) { return m.spills[object], nil }

// Drop forgets an object.
func (m *MemTable) Drop(object uint64) {
	delete(m.dnodes, object)
	delete(m.spills, object)
}
