package dtrace

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
)

// VerifierError says that the kernel refused a program; Log is its reason.
type VerifierError struct {
	Err error
	Log string
}

func (e *VerifierError) Error() string {
	return "the kernel refused the program; -xbpflog shows why"
}

// Unwrap returns the cause.
func (e *VerifierError) Unwrap() error { return e.Err }

// wiring is the clauses of a run by the probes that fire them.
type wiring struct {
	begin, end []gen.Run
	clocks     []gen.Run
	raw        []gen.Run
	user       []gen.Run
	probeOf    map[int]*probe.Probe           // of clocks, raw and user
	calls      map[probe.Kind]map[int]gen.Run // of system calls, by number
}

// wire sorts the clauses by attach point.
func (s *Session) wire() *wiring {
	byProbe := map[int][]int{}
	var order []int
	for i, c := range s.gen.Clauses {
		for _, id := range c.Clause.Probes {
			if byProbe[id] == nil {
				order = append(order, id)
			}
			byProbe[id] = append(byProbe[id], i)
		}
	}
	sort.Ints(order)
	w := &wiring{probeOf: map[int]*probe.Probe{}, calls: map[probe.Kind]map[int]gen.Run{}}
	epid := 0
	for _, id := range order {
		for _, i := range byProbe[id] {
			if l := s.gen.Clauses[i]; l.EPID == 0 {
				epid++
				l.EPID = epid
			}
		}
		p := s.db.ByID(uint64(id))
		run := gen.Run{Probe: id, Clauses: byProbe[id]}
		switch p.Attach.Kind {
		case probe.Begin:
			w.begin = append(w.begin, run)
		case probe.Error:
			s.gen.SetErrors(run)
		case probe.End:
			w.end = append(w.end, run)
		case probe.Profile, probe.Tick, probe.Count:
			w.clocks = append(w.clocks, run)
			w.probeOf[id] = p
		case probe.RawTP, probe.Recorded:
			w.raw = append(w.raw, run)
			w.probeOf[id] = p
		case probe.Enter, probe.Leave, probe.Marked, probe.FunctionEnter, probe.FunctionLeave:
			w.user = append(w.user, run)
			w.probeOf[id] = p
		case probe.SyscallEntry, probe.SyscallReturn:
			k := p.Attach.Kind
			if w.calls[k] == nil {
				w.calls[k] = map[int]gen.Run{}
			}
			w.calls[k][p.Attach.Number] = run
		}
	}
	return w
}

func tableName(k probe.Kind) string {
	if k == probe.SyscallReturn {
		return "dt_sysret"
	}
	return "dt_sysent"
}

// load makes, loads and attaches everything; the session stays inactive.
func (s *Session) load(w *wiring) error {
	tables := map[probe.Kind]*gen.Table{}
	for k, runs := range w.calls {
		tables[k] = gen.NewTable(tableName(k), probe.MaxSyscall, runs)
	}
	var err error
	if s.maps, err = makeMaps(s.gen, s.opts.Sizes, tables); err != nil {
		return err
	}
	if needsNames(s.program) {
		if err := s.maps.names(s.enabled()); err != nil {
			return err
		}
	}
	if s.gen.Zones && s.opts.Zones != nil {
		if s.zones, err = watchZones(s.opts.Zones, s.maps[gen.MapZones], s.gen); err != nil {
			return err
		}
	}
	if s.begin, err = s.loadOwn(w.begin, gen.Inactive); err != nil {
		return err
	}
	if s.end, err = s.loadOwn(w.end, gen.Draining); err != nil {
		return err
	}
	for k, t := range tables {
		if err := s.loadTable(k, t); err != nil {
			return err
		}
	}
	for _, run := range w.clocks {
		if err := s.loadClock(run, w.probeOf[run.Probe]); err != nil {
			return err
		}
	}
	for _, run := range w.raw {
		if err := s.loadRaw(run, w.probeOf[run.Probe]); err != nil {
			return err
		}
	}
	return s.loadUser(w)
}

// loadRaw loads what runs at tracepoints.
func (s *Session) loadRaw(run gen.Run, p *probe.Probe) error {
	if p.Attach.Kind == probe.Recorded {
		return s.loadRecord(run, p)
	}
	names, args, err := s.db.Tracepoints(p)
	if err != nil {
		return err
	}
	ins, err := s.gen.Program(probe.Raw{Args: args}, run, gen.Active)
	if err != nil {
		return err
	}
	prog, err := s.newProgram("dt_raw", ebpf.RawTracepoint, ins)
	if err != nil {
		return err
	}
	a, err := probe.AttachTracepoints(prog, names)
	if err != nil {
		return err
	}
	s.attached = append(s.attached, a)
	return nil
}

// loadRecord loads what runs at a tracepoint with its record.
func (s *Session) loadRecord(run gen.Run, p *probe.Probe) error {
	point, err := probe.RecordPoint(p.Attach)
	if err != nil {
		return err
	}
	ins, err := s.gen.Program(point, run, gen.Active)
	if err != nil {
		return err
	}
	prog, err := s.newProgram("dt_sdt", ebpf.TracePoint, ins)
	if err != nil {
		return err
	}
	a, err := probe.AttachRecord(prog, p.Attach)
	if err != nil {
		return err
	}
	s.attached = append(s.attached, a)
	return nil
}

// enabled lists the probes that have clauses.
func (s *Session) enabled() []*probe.Probe {
	var all []*probe.Probe
	seen := map[int]bool{}
	for _, c := range s.program.Clauses {
		for _, id := range c.Probes {
			if !seen[id] {
				seen[id] = true
				all = append(all, s.db.ByID(uint64(id)))
			}
		}
	}
	return all
}

func (s *Session) loadOwn(runs []gen.Run, state int32) ([]*ebpf.Program, error) {
	var progs []*ebpf.Program
	for _, run := range runs {
		ins, err := s.gen.Program(probe.Own{}, run, state)
		if err != nil {
			return nil, err
		}
		p, err := s.newProgram("dt_own", ebpf.RawTracepoint, ins)
		if err != nil {
			return nil, err
		}
		progs = append(progs, p)
	}
	return progs, nil
}

func (s *Session) loadTable(k probe.Kind, t *gen.Table) error {
	var point interface {
		gen.Point
		Number() asm.Instructions
	} = probe.Entry{}
	if k == probe.SyscallReturn {
		point = probe.Return{}
	}
	ins, err := s.gen.Table(point, point.Number(), t)
	if err != nil {
		return err
	}
	p, err := s.newProgram("dt_syscall", ebpf.RawTracepoint, ins)
	if err != nil {
		return err
	}
	a, err := probe.AttachSyscalls(p, k)
	if err != nil {
		return err
	}
	s.attached = append(s.attached, a)
	return nil
}

func (s *Session) loadClock(run gen.Run, p *probe.Probe) error {
	ins, err := s.gen.Program(probe.Clock{}, run, gen.Active)
	if err != nil {
		return err
	}
	prog, err := s.newProgram("dt_clock", ebpf.PerfEvent, ins)
	if err != nil {
		return err
	}
	a, err := probe.AttachClock(prog, p.Attach, s.opts.CPU)
	if err != nil {
		return err
	}
	s.attached = append(s.attached, a)
	return nil
}

// newProgram loads instructions; the maps that they name are put in.
func (s *Session) newProgram(name string, kind ebpf.ProgramType, ins asm.Instructions) (*ebpf.Program, error) {
	return s.newProgramFor(name, kind, ebpf.AttachNone, ins)
}

// newProgramFor is newProgram for a way to attach that the kernel must know of.
func (s *Session) newProgramFor(name string, kind ebpf.ProgramType, attach ebpf.AttachType, ins asm.Instructions) (*ebpf.Program, error) {
	for i := range ins {
		ref := ins[i].Reference()
		if ref == "" || !ins[i].IsLoadFromMap() {
			continue
		}
		m := s.maps[ref]
		if m == nil {
			return nil, fmt.Errorf("program %s refers to the unknown map %s", name, ref)
		}
		if err := ins[i].AssociateMap(m); err != nil {
			return nil, err
		}
	}
	if s.opts.Listing {
		if err := list(s.opts.Err, name, ins); err != nil {
			return nil, err
		}
	}
	s.debug("load %s: %d instructions", name, len(ins))
	var o ebpf.ProgramOptions
	if s.opts.Log != nil {
		o.LogLevel = ebpf.LogLevelInstruction | ebpf.LogLevelStats
	}
	p, err := ebpf.NewProgramWithOptions(&ebpf.ProgramSpec{Name: name, Type: kind, AttachType: attach, Instructions: ins, License: "GPL"}, o)
	if v, ok := errors.AsType[*ebpf.VerifierError](err); ok {
		s.log(strings.Join(v.Log, "\n"))
		return nil, &VerifierError{err, fmt.Sprintf("%+v", v)}
	}
	if err != nil {
		return nil, fmt.Errorf("load the program %s: %w", name, err)
	}
	s.log(p.VerifierLog)
	s.progs = append(s.progs, p)
	return p, nil
}

// debug tells what the tracer does, with -xdebug.
func (s *Session) debug(format string, args ...any) {
	if s.opts.Debug {
		fmt.Fprintf(s.opts.Err, "dtrace DEBUG %d: %s\n", time.Now().Unix(), fmt.Sprintf(format, args...))
	}
}

func (s *Session) log(text string) {
	if s.opts.Log == nil {
		return
	}
	for line := range strings.Lines(text) {
		fmt.Fprintln(s.opts.Log, "BPF: "+strings.TrimSuffix(line, "\n"))
	}
}
