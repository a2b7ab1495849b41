package consume

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
)

// flow is where one CPU is in the functions that it enters and leaves. Whether a
// return ends the indent is seen only from what comes next, since several
// clauses may belong to it; until then its record waits.
type flow struct {
	indent  int
	probe   uint32 // of the last record; 0 for none
	clause  uint32
	waiting []byte
}

// turn is what a record means for the indent.
type turn int

const (
	within turn = iota
	enters
	leaves
)

// turnOf tells entries and returns by the probe's name, also names that end with
// a dash and these words.
func turnOf(pr *probe.Probe) turn {
	is := func(word string) bool { return pr.Name == word || strings.HasSuffix(pr.Name, "-"+word) }
	switch {
	case is("entry"):
		return enters
	case is("return"):
		return leaves
	}
	return within
}

// prefix is what stands before the name.
func (t turn) prefix(pr *probe.Probe) string {
	line := "-"
	if pr.Provider == "syscall" {
		line = "="
	}
	switch t {
	case enters:
		return " " + line + "> "
	case leaves:
		return " <" + line + " "
	}
	return "| "
}

// flowRecord prints what waits on the record's CPU, and the record unless it has
// to wait itself.
func (p *Printer) flowRecord(b []byte, src Source) error {
	cpu := binary.NativeEndian.Uint32(b[8:])
	if p.flows == nil {
		p.flows = map[uint32]*flow{}
	}
	f := p.flows[cpu]
	if f == nil {
		f = &flow{}
		p.flows[cpu] = f
	}
	clause, id := head(b)
	if err := p.flushFlow(f, clause, id, src); err != nil {
		return err
	}
	if turnOf(p.db.ByID(uint64(id))) == leaves {
		f.waiting = slices.Clone(b)
		return nil
	}
	return p.print1(b, src)
}

func head(b []byte) (clause, probe uint32) {
	return binary.NativeEndian.Uint32(b), binary.NativeEndian.Uint32(b[4:])
}

// flushFlow prints what waits on a CPU; the next record there is of the given
// clause and probe, 0 for none yet.
func (p *Printer) flushFlow(f *flow, clause, id uint32, src Source) error {
	b := f.waiting
	if b == nil {
		return nil
	}
	f.waiting = nil
	ours, of := head(b)
	p.stays = of == id && ours != clause
	defer func() { p.stays = false }()
	return p.print1(b, src)
}

// Settle prints what waits, since nothing more is there for now.
func (p *Printer) Settle(src Source) error {
	for _, cpu := range slices.Sorted(maps.Keys(p.flows)) {
		if err := p.flushFlow(p.flows[cpu], 0, 0, src); err != nil {
			return err
		}
	}
	return p.out.Flush()
}

// beginFlow writes the head of a row that shows the flow.
func (p *Printer) beginFlow(pr *probe.Probe, b []byte) {
	if !p.header {
		p.header = true
		if !p.opts.Anonymous {
			fmt.Fprintf(p.out, "%3s ", "CPU")
		}
		fmt.Fprintf(p.out, "%-41s\n", "FUNCTION")
	}
	cpu := binary.NativeEndian.Uint32(b[8:])
	f, name := p.flows[cpu], pr.Func
	clause, id := head(b)
	t := turnOf(pr)
	switch {
	case t == enters && f.probe == id && f.clause != clause, t == leaves && p.stays:
		t = within
	case t == leaves:
		f.indent = max(f.indent-2, 0)
	}
	if t == within {
		name += ":" + pr.Name
	}
	if !p.opts.Anonymous {
		fmt.Fprintf(p.out, "%3d ", cpu)
	}
	fmt.Fprintf(p.out, "%-41s ", strings.Repeat(" ", f.indent)+t.prefix(pr)+name)
	if t == enters {
		f.indent += 2
	}
	f.probe, f.clause = id, clause
}

// flows reports whether rows show the flow.
func (p *Printer) showsFlow(l *gen.ClauseLayout) bool { return p.opts.FlowIndent && !silent(l) }
