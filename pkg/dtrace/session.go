// Package dtrace compiles D to eBPF and consumes what the probes leave. It
// ties its parts together for one run; it parses no options and prints only to
// the writers it is given.
package dtrace

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/dtrace/consume"
	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
	"github.com/smartbox-os/smartbox/pkg/dtrace/target"
)

// Options of a run.
type Options struct {
	*Settings
	Out io.Writer
	Err io.Writer
	Log io.Writer // what the kernel's verifier says, nil for nothing

	Anonymous bool // rows without what differs from run to run

	// Zones tells of the host's zones; nil: there is only the global one.
	Zones ZoneSource

	// Targets are let go when all probes are in place; the run ends with the last
	// of them. The caller closes them.
	Targets []*target.Process
}

// Session is one run of a checked program.
type Session struct {
	program *ir.Program
	db      *probe.DB
	opts    Options
	gen     *gen.Generator

	maps       maps
	progs      []*ebpf.Program
	begin, end []*ebpf.Program
	attached   []probe.Attachment
	printer    *consume.Printer
	zones      *zoneWatch // nil when no program asks for zones
	kept       keeper
	full       bool // of what is kept
	snapshots  map[*gen.AggLayout]snapshot
}

// Open loads and attaches a program. It does not run yet.
func Open(p *ir.Program, db *probe.DB, o Options) (*Session, error) {
	if p.Needs.Destructive && !o.Destructive {
		return nil, errors.New("could not enable tracing: Destructive actions not allowed")
	}
	s := &Session{program: p, db: db, opts: o, gen: gen.New(p, gen.Options{StrSize: o.StrSize + 1, Scratch: o.Scratch, Specs: o.Specs, Print: o.PrintSize, RawBytes: o.RawBytes, CPU: o.CPU}), kept: keeper{policy: o.Policy, limit: o.Sizes.Buffer}}
	if n := o.Sizes; n.Buffer < s.gen.NeedBuffer() || n.Agg < s.gen.NeedAgg() || n.Dyn < s.gen.NeedDyn() {
		return nil, errors.New("could not enable tracing: Enabling exceeds size of buffer")
	}
	if err := s.load(s.wire()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.printer = consume.NewPrinter(o.Out, o.Err, s.gen, db, s.display())
	return s, nil
}

// display are the options that say how the output looks.
func (s *Session) display() consume.Options {
	o := s.opts
	return consume.Options{
		Quiet: o.Quiet, FlowIndent: o.FlowIndent, NoResolve: o.NoResolve, Anonymous: o.Anonymous, Order: o.Order, Display: o.Display, StackIndent: o.StackIndent,
		PrintSize: o.PrintSize, SpecSize: o.Sizes.Spec, DropTags: o.DropTags, RawBytes: o.RawBytes,
		Set: s.setOption,
	}
}

// setOption is setopt(): only what is no matter of memory can still change.
func (s *Session) setOption(name, value string) (consume.Options, error) {
	if size, _ := s.opts.size(name); size != nil && name != "printsize" && name != "stackindent" && !strings.HasPrefix(name, "aggsort") || onlyOutside(name) {
		return consume.Options{}, errors.New("Operation illegal when tracing is active") //nolint:staticcheck // its words are the original's
	}
	err := s.opts.Set(name, value)
	return s.display(), err
}

// Close detaches and frees everything.
func (s *Session) Close() error {
	var errs []error
	if s.zones != nil {
		errs = append(errs, s.zones.Close())
	}
	if s.printer != nil {
		errs = append(errs, s.printer.Close())
	}
	for _, a := range s.attached {
		errs = append(errs, a.Close())
	}
	for _, p := range s.progs {
		errs = append(errs, p.Close())
	}
	return errors.Join(append(errs, s.maps.Close())...)
}

// state reads and writes the words of MapState.
func (s *Session) state(change func(word []byte)) ([]byte, error) {
	value := make([]byte, gen.StateSize)
	if err := s.maps[gen.MapState].Lookup(uint32(0), value); err != nil {
		return nil, fmt.Errorf("read the session's state: %w", err)
	}
	if change == nil {
		return value, nil
	}
	change(value)
	return value, s.maps[gen.MapState].Put(uint32(0), value)
}

func (s *Session) setState(state uint32) error {
	_, err := s.state(func(v []byte) { binary.NativeEndian.PutUint32(v[gen.StateActive:], state) })
	return err
}

// wall is what must be added to the monotonic clock to get the time of day.
func wall() uint64 {
	var mono unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono); err != nil {
		return 0
	}
	return uint64(time.Now().UnixNano() - mono.Nano())
}

// Run runs BEGIN, then the rest until the program or ctx ends it, then END,
// and prints all the while. It returns the program's exit status.
func (s *Session) Run(ctx context.Context) (int, error) {
	reader, err := ringbuf.NewReader(s.maps[gen.MapOut])
	if err != nil {
		return 1, fmt.Errorf("read the buffer: %w", err)
	}
	defer reader.Close()
	if _, err := s.state(func(v []byte) { binary.NativeEndian.PutUint64(v[gen.StateWall:], wall()) }); err != nil {
		return 1, err
	}
	if err := s.runOwn(s.begin); err != nil {
		return 1, err
	}
	if err := s.activate(); err != nil {
		return 1, err
	}
	ctx, cancel, err := s.resume(ctx)
	defer cancel()
	if err != nil {
		return 1, err
	}
	if err := s.follow(ctx, reader); err != nil {
		return 1, err
	}
	if err := s.tellTargets(); err != nil {
		return 1, err
	}
	return s.finish(reader)
}

// activate lets the probes fire, unless BEGIN has called exit.
func (s *Session) activate() error {
	v, err := s.state(nil)
	if err != nil || binary.NativeEndian.Uint32(v[gen.StateActive:]) != gen.Inactive {
		return err
	}
	return s.setState(gen.Active)
}

func (s *Session) runOwn(progs []*ebpf.Program) error {
	for _, p := range progs {
		o := &ebpf.RunOptions{Context: make([]uint64, 12)}
		if s.opts.CPU >= 0 {
			o.CPU, o.Flags = uint32(s.opts.CPU), 1 // BPF_F_TEST_RUN_ON_CPU
		}
		if _, err := p.Run(o); err != nil {
			return fmt.Errorf("run the dtrace probe: %w", err)
		}
	}
	return nil
}

// Aggregation reads one aggregation: all keys, the values of all CPUs summed by
// what the function means. While the run goes on and aggrate is set, it is read
// no more often than that.
func (s *Session) Aggregation(a *gen.AggLayout) ([]consume.Entry, error) {
	if s.opts.AggRate <= 0 {
		return s.readAggregation(a)
	}
	old, ok := s.snapshots[a]
	if ok && time.Since(old.at) < s.opts.AggRate {
		return slices.Clone(old.entries), nil
	}
	entries, err := s.readAggregation(a)
	if s.snapshots == nil {
		s.snapshots = map[*gen.AggLayout]snapshot{}
	}
	s.snapshots[a] = snapshot{time.Now(), slices.Clone(entries)}
	return entries, err
}

func (s *Session) readAggregation(a *gen.AggLayout) ([]consume.Entry, error) {
	m := s.maps[a.Map]
	key := make([]byte, a.KeySize)
	var values [][]byte
	var out []consume.Entry
	it := m.Iterate()
	for it.Next(&key, &values) {
		out = append(out, consume.NewEntry(a, append([]byte(nil), key...), values))
	}
	return out, it.Err()
}

// Drops returns the losses since the start, by kind and CPU.
func (s *Session) Drops() ([gen.DropCount][]uint64, error) {
	var all [gen.DropCount][]uint64
	for i := range all {
		if err := s.maps[gen.MapDrops].Lookup(uint32(i), &all[i]); err != nil {
			return all, fmt.Errorf("read the drops: %w", err)
		}
	}
	return all, nil
}

// ClearAggregation empties the values and keeps the keys.
func (s *Session) ClearAggregation(a *gen.AggLayout) error {
	entries, err := s.Aggregation(a)
	if err != nil {
		return err
	}
	n, err := ebpf.PossibleCPU()
	if err != nil {
		return err
	}
	zero := make([][]byte, n)
	for i := range zero {
		zero[i] = make([]byte, a.ValueSize)
	}
	for _, e := range entries {
		err := s.maps[a.Map].Update(e.Key, zero, ebpf.UpdateExist)
		if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("clear @%s: %w", a.Agg.Name, err)
		}
	}
	return nil
}

// RemoveEntries forgets keys of an aggregation.
func (s *Session) RemoveEntries(a *gen.AggLayout, entries []consume.Entry) error {
	for _, e := range entries {
		if err := s.maps[a.Map].Delete(e.Key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("truncate @%s: %w", a.Agg.Name, err)
		}
	}
	return nil
}
