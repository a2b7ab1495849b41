package consume

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
)

// Options of the output.
type Options struct {
	Quiet       bool
	FlowIndent  bool // rows are indented by entries and returns
	NoResolve   bool // addresses of processes stay numbers
	Display     Display
	Anonymous   bool // rows without CPU and probe id, which differ from run to run
	Order       Order
	StackIndent int
	PrintSize   int  // bytes that print() shows
	SpecSize    int  // bytes that a speculation holds
	DropTags    bool // tell kinds of drops by their tags
	RawBytes    bool // strings as their bytes

	// Set changes an option for setopt() and returns all.
	Set func(name, value string) (Options, error)
}

// Source is the session, asked for what is not in a record.
type Source interface {
	Aggregation(a *gen.AggLayout) ([]Entry, error)
	ClearAggregation(a *gen.AggLayout) error
	RemoveEntries(a *gen.AggLayout, entries []Entry) error
	Drops() ([gen.DropCount][]uint64, error)
}

// Printer prints one run.
type Printer struct {
	out     *bufio.Writer
	err     io.Writer
	gen     *gen.Generator
	db      *probe.DB
	opts    Options
	header  bool
	exited  bool
	normal  map[int]int64 // by aggregation
	printed map[int]bool  // aggregations that printa has shown
	names   names
	held    map[uint64]*speculation
	flows   map[uint32]*flow // by CPU
	stays   bool             // the return that is printed is not the last of its probe
	drops   [gen.DropCount][]uint64

	first, dest io.Writer // where output went at first, and goes now
	file        *os.File  // of freopen(), nil for none
}

// NewPrinter returns a printer for the layouts of g.
func NewPrinter(out, errs io.Writer, g *gen.Generator, db *probe.DB, o Options) *Printer {
	return &Printer{
		out: bufio.NewWriter(out), first: out, dest: out, err: errs, gen: g, db: db, opts: o,
		normal: map[int]int64{}, printed: map[int]bool{},
	}
}

// Exited reports whether a record of exit() has been seen.
func (p *Printer) Exited() bool { return p.exited }

// Flush writes out what is buffered.
func (p *Printer) Flush() error { return p.out.Flush() }

// Close lets go of what is remembered, and of the file of freopen().
func (p *Printer) Close() error {
	return errors.Join(p.names.user.Close(), p.redirect(p.first, nil))
}

// Record prints one record.
func (p *Printer) Record(b []byte, src Source) error {
	if len(b) < gen.HeaderSize {
		return fmt.Errorf("a record of %d bytes is too short", len(b))
	}
	word := func(off int) uint32 { return binary.NativeEndian.Uint32(b[off:]) }
	l := p.gen.Clauses[word(0)]
	pr := p.db.ByID(uint64(word(4)))
	if word(12) == gen.KindError {
		return p.fault(l, pr, b)
	}
	if spec := binary.NativeEndian.Uint64(b[16:]); spec != 0 {
		return p.hold(spec, b)
	}
	if p.showsFlow(l) {
		return p.flowRecord(b, src)
	}
	return p.print1(b, src)
}

// print1 prints one record as it comes.
func (p *Printer) print1(b []byte, src Source) error {
	clause, id := head(b)
	l, pr := p.gen.Clauses[clause], p.db.ByID(uint64(id))
	rows := (!p.opts.Quiet || p.opts.FlowIndent) && !silent(l)
	switch {
	case rows && p.opts.FlowIndent:
		p.beginFlow(pr, b)
	case rows:
		p.begin(pr, binary.NativeEndian.Uint32(b[8:]))
	}
	for i := range l.Actions {
		a := &l.Actions[i]
		if a.Mark >= 0 && b[a.Mark] == 0 {
			continue
		}
		if err := p.action(a, b, src); err != nil {
			return err
		}
	}
	if rows {
		p.out.WriteString("\n")
	}
	return p.out.Flush()
}

// begin writes the head of the list, once, and of a row.
func (p *Printer) begin(pr *probe.Probe, cpu uint32) {
	if !p.header {
		p.header = true
		if !p.opts.Anonymous {
			fmt.Fprintf(p.out, "%3s %6s ", "CPU", "ID")
		}
		fmt.Fprintf(p.out, "%32s\n", "FUNCTION:NAME")
	}
	if !p.opts.Anonymous {
		fmt.Fprintf(p.out, "%3d %6d ", cpu, pr.ID)
	}
	fmt.Fprintf(p.out, "%32s ", pr.Func+":"+pr.Name)
}

// faultName words a fault as the original does.
func faultName(code, value uint64) string {
	switch code {
	case gen.FaultBadAddr:
		return fmt.Sprintf("invalid address (%#x)", value)
	case gen.FaultIllegal:
		return "illegal operation"
	case gen.FaultDivZero:
		return "divide-by-zero"
	case gen.FaultNoSpace:
		return "out of scratch space"
	case gen.FaultBadSize:
		return fmt.Sprintf("invalid size (%#x)", value)
	}
	return "unknown fault"
}

// fault reports an error in a clause.
func (p *Printer) fault(l *gen.ClauseLayout, pr *probe.Probe, b []byte) error {
	addr := binary.NativeEndian.Uint64(b[gen.HeaderSize:])
	code, pc := gen.Fault(binary.NativeEndian.Uint64(b[gen.HeaderSize+8:]))
	if err := p.out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.err, "dtrace: error in dt_clause_%d for probe ID %d (%s): %s at BPF pc %d\n",
		l.Clause.ID, pr.ID, pr, faultName(code, addr), pc)
	return err
}

// End prints an empty line, since ^C may stand on the last one, the
// aggregations that no printa has shown, and losses.
func (p *Printer) End(src Source) error {
	p.out.WriteString("\n")
	aggs := slices.Clone(p.gen.Aggs)
	if p.opts.Order.Reverse { // aggregations too
		slices.Reverse(aggs)
	}
	for _, a := range aggs {
		if p.printed[a.Agg.Index] {
			continue
		}
		entries, err := p.entries(a, src)
		if err != nil {
			return err
		}
		p.aggregation(entries)
	}
	if err := p.out.Flush(); err != nil {
		return err
	}
	return p.Lost(src)
}

// aggregation prints all entries of one, as at the end of a run.
func (p *Printer) aggregation(entries []Entry) {
	p.opts.Order.Sort(entries)
	var b strings.Builder
	if !p.special(&b, entries) {
		for _, e := range entries {
			p.entry(&b, e)
		}
	}
	p.out.WriteString(b.String())
}

func (p *Printer) entry(b *strings.Builder, e Entry) {
	for _, f := range e.Layout.Keys {
		p.key(b, f, e.Key[f.Off:f.Off+f.Size])
	}
	p.value(b, e)
	b.WriteString("\n")
}
