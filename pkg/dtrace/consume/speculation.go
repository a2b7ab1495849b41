package consume

import (
	"encoding/binary"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
)

// speculation is the records that wait for its end.
type speculation struct {
	records [][]byte
	size    int
}

// hold keeps a record until its speculation is committed. One that has no room
// left is lost.
func (p *Printer) hold(id uint64, b []byte) error {
	if id == gen.NoSpeculation {
		return nil
	}
	if p.held == nil {
		p.held = map[uint64]*speculation{}
	}
	s := p.held[id]
	if s == nil {
		s = &speculation{}
		p.held[id] = s
	}
	if s.size+len(b)-gen.HeaderSize > p.opts.SpecSize {
		return p.drop(dropKind{tag: "SPEC", what: "speculative drop"}, 1, "")
	}
	b = slices.Clone(b)
	binary.NativeEndian.PutUint64(b[16:], 0)
	s.records = append(s.records, b)
	s.size += len(b) - gen.HeaderSize
	return nil
}

// commit prints what was held.
func (p *Printer) commit(id uint64, src Source) error {
	s := p.held[id]
	delete(p.held, id)
	if s == nil {
		return nil
	}
	for _, b := range s.records {
		if err := p.Record(b, src); err != nil {
			return err
		}
	}
	return nil
}

// silent reports a clause that only speaks to the consumer: it has no row.
func silent(l *gen.ClauseLayout) bool {
	for _, a := range l.Actions {
		if k := a.Action.Kind; k != "commit" && k != "discard" {
			return false
		}
	}
	return true
}
