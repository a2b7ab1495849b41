package consume

import (
	"encoding/binary"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
)

// hold keeps a record until its speculation is committed.
func (p *Printer) hold(spec uint64, b []byte) {
	if spec == gen.NoSpeculation {
		return
	}
	if p.held == nil {
		p.held = map[uint64][][]byte{}
	}
	b = slices.Clone(b)
	binary.NativeEndian.PutUint64(b[16:], 0)
	p.held[spec] = append(p.held[spec], b)
}

// commit prints what was held.
func (p *Printer) commit(spec uint64, src Source) error {
	list := p.held[spec]
	delete(p.held, spec)
	for _, b := range list {
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
