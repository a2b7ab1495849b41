package probe

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Attachment is what keeps a program attached; closing it ends that, and so
// does the end of the process.
type Attachment interface{ Close() error }

// AttachSyscalls attaches a program to the entry or return of all system calls.
func AttachSyscalls(prog *ebpf.Program, kind Kind) (Attachment, error) {
	name := "sys_enter"
	if kind == SyscallReturn {
		name = "sys_exit"
	}
	l, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: name, Program: prog})
	if err != nil {
		return nil, fmt.Errorf("attach to %s: %w", name, err)
	}
	return l, nil
}

// several are attachments that end together.
type several []Attachment

func (s several) Close() error {
	var errs []error
	for _, a := range s {
		errs = append(errs, a.Close())
	}
	return errors.Join(errs...)
}

// AttachTracepoints attaches a program to each of the tracepoints.
func AttachTracepoints(prog *ebpf.Program, names []string) (Attachment, error) {
	var all several
	for _, name := range names {
		l, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: name, Program: prog})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("attach to the tracepoint %s: %w", name, err), all.Close())
		}
		all = append(all, l)
	}
	return all, nil
}

// Tracepoints are those that a probe is attached to on this kernel: NAME NAME,
// each the first of NAME|NAME that there is; with them goes how many arguments
// all of them have.
func (db *DB) Tracepoints(p *Probe) ([]string, int, error) {
	var names []string
	least := 12
	for choice := range strings.FieldsSeq(p.Attach.Event) {
		found := false
		for name := range strings.SplitSeq(choice, "|") {
			params, ok := db.Kernel.Tracepoint(name)
			if ok {
				names, least, found = append(names, name), min(least, len(params)), true
				break
			}
		}
		if !found {
			return nil, 0, fmt.Errorf("%s is not available: this kernel has no tracepoint %s", p, choice)
		}
	}
	return names, least, nil
}

// perfEvents are the events of one probe.
type perfEvents []int

func (p perfEvents) Close() error {
	var errs []error
	for _, fd := range p {
		errs = append(errs, unix.Close(fd))
	}
	return errors.Join(errs...)
}

// AttachClock attaches a program to the clock or counter of every CPU, or of one
// for a Tick, or of the one that is given if that is not -1.
func AttachClock(prog *ebpf.Program, a Attach, cpu int) (Attachment, error) {
	cpus, err := onlineCPUs()
	if err != nil {
		return nil, err
	}
	switch {
	case cpu >= 0:
		cpus = []int{cpu}
	case a.Kind == Tick:
		cpus = cpus[:1]
	}
	attr := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK,
		Size: unix.PERF_ATTR_SIZE_VER7, Sample: uint64(a.Period),
	}
	if a.Kind == Count {
		attr.Type, attr.Config = uint32(a.Type), a.Config
		if a.NotUser {
			attr.Bits |= unix.PerfBitExcludeUser
		}
		if a.NotInKernel {
			attr.Bits |= unix.PerfBitExcludeKernel
		}
	}
	if a.Period < 0 {
		attr.Sample, attr.Bits = uint64(-a.Period), attr.Bits|unix.PerfBitFreq
	}
	var events perfEvents
	for _, cpu := range cpus {
		fd, err := openEvent(attr, cpu, prog)
		if err != nil {
			events.Close()
			return nil, err
		}
		events = append(events, fd)
	}
	return events, nil
}

func openEvent(attr unix.PerfEventAttr, cpu int, prog *ebpf.Program) (int, error) {
	fd, err := unix.PerfEventOpen(&attr, -1, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("open the clock of cpu %d: %w", cpu, err)
	}
	if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_SET_BPF, prog.FD()); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("attach to the clock of cpu %d: %w", cpu, err)
	}
	if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("enable the clock of cpu %d: %w", cpu, err)
	}
	return fd, nil
}

func onlineCPUs() ([]int, error) {
	text, err := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil {
		return nil, err
	}
	var cpus []int
	for part := range strings.SplitSeq(strings.TrimSpace(string(text)), ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(from)
		if err != nil {
			return nil, fmt.Errorf("read the online cpus: %w", err)
		}
		last := first
		if isRange {
			if last, err = strconv.Atoi(to); err != nil {
				return nil, fmt.Errorf("read the online cpus: %w", err)
			}
		}
		for c := first; c <= last; c++ {
			cpus = append(cpus, c)
		}
	}
	return cpus, nil
}
