package dtrace

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
)

// userGroup is probes of one process and file that run the same program.
type userGroup struct {
	run    gen.Run
	probes []*probe.Probe
}

// userGroups puts the probes of processes together that can share a program:
// what differs among them is only where they are and which they are.
func (w *wiring) userGroups() []*userGroup {
	var groups []*userGroup
	index := map[string]*userGroup{}
	for _, run := range w.user {
		p := w.probeOf[run.Probe]
		a := p.Attach
		key := fmt.Sprint(a.Kind, a.Pid, a.File, a.Operands, run.Clauses)
		g := index[key]
		if g == nil {
			g = &userGroup{run: run}
			index[key] = g
			groups = append(groups, g)
		}
		g.probes = append(g.probes, p)
	}
	return groups
}

// loadUser loads what runs in processes.
func (s *Session) loadUser(w *wiring) error {
	for _, g := range w.userGroups() {
		if err := s.loadGroup(g); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) loadGroup(g *userGroup) error {
	point := probe.UserPoint(g.probes[0].Attach)
	ins, err := s.gen.Shared(point, point.Cookie(), g.run.Clauses, gen.Active)
	if err != nil {
		return err
	}
	how, multi, attach := probe.AttachUser, false, ebpf.AttachNone
	switch g.probes[0].Attach.Kind {
	case probe.FunctionEnter, probe.FunctionLeave:
		how = probe.AttachFunctions
		if multi = probe.HaveKprobeMulti(); multi {
			attach = ebpf.AttachTraceKprobeMulti
		}
	default:
		if multi = probe.HaveUprobeMulti(); multi {
			attach = ebpf.AttachTraceUprobeMulti
		}
	}
	prog, err := s.newProgramFor("dt_user", ebpf.Kprobe, attach, ins)
	if err != nil {
		return err
	}
	a, err := how(prog, g.probes, multi)
	if err != nil {
		return err
	}
	s.attached = append(s.attached, a)
	return nil
}
