package probe

import (
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/features"
	"github.com/cilium/ebpf/link"
)

// HaveUprobeMulti reports whether this kernel attaches a program to many places
// of a file at once (6.6).
func HaveUprobeMulti() bool {
	return features.HaveBPFLinkUprobeMulti() == nil
}

// AttachUser attaches a program to places in one file of one process. Each has
// the id of its probe as cookie.
func AttachUser(prog *ebpf.Program, probes []*Probe, multi bool) (Attachment, error) {
	first := probes[0].Attach
	file, err := link.OpenExecutable(first.File)
	if err != nil {
		return nil, fmt.Errorf("open the program of process %d: %w", first.Pid, err)
	}
	if multi {
		return attachMulti(file, prog, probes)
	}
	var all several
	for _, p := range probes {
		a, err := attachOne(file, prog, p)
		if err != nil {
			return nil, errors.Join(cannot(p, err), all.Close())
		}
		all = append(all, a)
	}
	return all, nil
}

func cannot(p *Probe, err error) error {
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("enable %s: %w: tracing processes needs root", p, err)
	}
	return fmt.Errorf("enable %s: %w", p, err)
}

func attachOne(file *link.Executable, prog *ebpf.Program, p *Probe) (Attachment, error) {
	o := &link.UprobeOptions{
		Address: p.Attach.Offset, PID: p.Attach.Pid, RefCtrOffset: p.Attach.Semaphore, Cookie: uint64(p.ID),
	}
	if p.Attach.Kind == Leave {
		return file.Uretprobe("", prog, o)
	}
	return file.Uprobe("", prog, o)
}

// attachMulti attaches all at once. Should the kernel refuse some, each is tried
// alone, and what it refuses is left out: a place in the midst of a function may
// be data, or an instruction that cannot be stepped over.
func attachMulti(file *link.Executable, prog *ebpf.Program, probes []*Probe) (Attachment, error) {
	a, err := multi(file, prog, probes)
	switch {
	case err == nil:
		return a, nil
	case len(probes) == 1, errors.Is(err, os.ErrPermission):
		return nil, cannot(probes[0], err)
	}
	half := len(probes) / 2
	x, err1 := attachMulti(file, prog, probes[:half])
	y, err2 := attachMulti(file, prog, probes[half:])
	var all several
	for _, one := range []Attachment{x, y} {
		if one != nil {
			all = append(all, one)
		}
	}
	if len(all) == 0 {
		return nil, errors.Join(err1, err2)
	}
	return all, nil
}

func multi(file *link.Executable, prog *ebpf.Program, probes []*Probe) (Attachment, error) {
	o := &link.UprobeMultiOptions{PID: uint32(probes[0].Attach.Pid)}
	semaphores := false
	for _, p := range probes {
		o.Addresses = append(o.Addresses, p.Attach.Offset)
		o.Cookies = append(o.Cookies, uint64(p.ID))
		o.RefCtrOffsets = append(o.RefCtrOffsets, p.Attach.Semaphore)
		semaphores = semaphores || p.Attach.Semaphore != 0
	}
	if !semaphores {
		o.RefCtrOffsets = nil
	}
	if probes[0].Attach.Kind == Leave {
		return file.UretprobeMulti(nil, prog, o)
	}
	return file.UprobeMulti(nil, prog, o)
}
