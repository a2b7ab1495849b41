package probe

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/features"
	"github.com/cilium/ebpf/link"
)

// haveFunctionProbes reports whether this kernel can stop at its functions.
func haveFunctionProbes() bool {
	_, err := os.Stat("/sys/bus/event_source/devices/kprobe/type")
	return err == nil
}

// HaveKprobeMulti reports whether this kernel attaches a program to many of its
// functions at once (5.18).
func HaveKprobeMulti() bool { return features.HaveBPFLinkKprobeMulti() == nil }

// functions of the kernel lists fbt:MODULE:FUNCTION:entry and return; none where
// the kernel was built without probes for them.
func kernelFunctions(db *DB) []*Probe {
	if !haveFunctionProbes() {
		return nil
	}
	text, err := readTracefs("available_filter_functions")
	if err != nil {
		return nil
	}
	var list []*Probe
	for _, f := range parseFunctions(text) {
		for _, name := range []string{"entry", "return"} {
			kind := FunctionEnter
			if name == "return" {
				kind = FunctionLeave
			}
			list = append(list, &Probe{
				Provider: "fbt", Module: f.module, Func: f.name, Name: name, Attach: Attach{Kind: kind},
				args: func() []Arg { return db.functionArgs(f, kind) },
			})
		}
	}
	return list
}

// kernelFunction is a function by its module and name.
type kernelFunction struct{ module, name string }

// parseFunctions reads lines of NAME [MODULE]; a name that is there twice cannot
// be told apart and is left out, and so is what the compiler split off.
func parseFunctions(text []byte) []kernelFunction {
	var list []kernelFunction
	times := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, module, ok := strings.Cut(lines.Text(), " ")
		if name == "" || strings.ContainsAny(name, ".(") || strings.HasPrefix(name, "__ftrace_invalid") {
			continue
		}
		f := kernelFunction{"vmlinux", name}
		if ok {
			f.module = strings.Trim(module, "[]")
		}
		times[name]++
		list = append(list, f)
	}
	single := list[:0]
	for _, f := range list {
		if times[f.name] == 1 {
			single = append(single, f)
		}
	}
	sort.Slice(single, func(i, j int) bool {
		a, b := single[i], single[j]
		return a.module < b.module || a.module == b.module && a.name < b.name
	})
	return single
}

// functionArgs are a function's parameters; of its return, where it was left
// (always 0 here) and the result.
func (db *DB) functionArgs(f kernelFunction, kind Kind) []Arg {
	t := db.Kernel.Object(f.module, f.name)
	if t == nil || t.Elem == nil {
		return nil
	}
	if kind == FunctionLeave {
		args := []Arg{{Type: "uint64_t"}}
		if !t.Elem.IsVoid() {
			args = append(args, Arg{T: t.Elem})
		}
		return args
	}
	args := make([]Arg, len(t.Params))
	for i, p := range t.Params {
		args[i].T = p
	}
	return args
}

// AttachFunctions attaches a program to functions of the kernel, at their
// beginnings or where they return. Each has the id of its probe as cookie.
func AttachFunctions(prog *ebpf.Program, probes []*Probe, multi bool) (Attachment, error) {
	leave := probes[0].Attach.Kind == FunctionLeave
	if multi {
		o := link.KprobeMultiOptions{}
		for _, p := range probes {
			o.Symbols = append(o.Symbols, p.Func)
			o.Cookies = append(o.Cookies, uint64(p.ID))
		}
		attach := link.KprobeMulti
		if leave {
			attach = link.KretprobeMulti
		}
		l, err := attach(prog, o)
		if err != nil {
			return nil, fmt.Errorf("enable %s and %d more: %w", probes[0], len(probes)-1, err)
		}
		return l, nil
	}
	var all several
	for _, p := range probes {
		attach := link.Kprobe
		if leave {
			attach = link.Kretprobe
		}
		l, err := attach(p.Func, prog, &link.KprobeOptions{Cookie: uint64(p.ID)})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("enable %s: %w", p, err), all.Close())
		}
		all = append(all, l)
	}
	return all, nil
}
