package consume

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/sym"
)

// names are the symbols of kernel and processes.
type names struct {
	kernel sym.Kernel
	user   sym.User
	module map[string]uint64 // an address that stands for each
}

// Remember keeps what a process has mapped, for stacks that are printed after
// its end.
func (p *Printer) Remember(pid int) { p.names.user.Remember(pid) }

// stack is the text of a stack: a frame per line, the first one on a new line.
func (p *Printer) stack(f gen.Field, data []byte) string {
	pid := int(binary.NativeEndian.Uint64(data) >> 32)
	indent := strings.Repeat(" ", p.opts.StackIndent)
	var b strings.Builder
	b.WriteString("\n")
	ours := f.Sym == "stack"
	for at := 8; at+8 <= len(data); at += 8 {
		pc := binary.NativeEndian.Uint64(data[at:])
		if pc == 0 {
			break
		}
		n := p.address(f.Sym != "stack", pid, pc)
		if ours && isTracer(n.Symbol) {
			continue
		}
		ours = false
		b.WriteString(indent + p.wording(f.Sym != "stack", n, n.String()) + "\n")
	}
	return b.String()
}

// isTracer reports the frames of the tracing itself, which are on top.
func isTracer(symbol string) bool {
	for _, prefix := range []string{"bpf_", "__bpf_", "__traceiter_", "__do_bpf_"} {
		if strings.HasPrefix(symbol, prefix) {
			return true
		}
	}
	return false
}

func (p *Printer) address(user bool, pid int, addr uint64) sym.Name {
	if user {
		return p.names.user.Lookup(pid, addr)
	}
	return p.names.kernel.Lookup(addr)
}

// symbol is the text of sym() and its kin.
func (p *Printer) symbol(f gen.Field, data []byte) string {
	addr, pid := binary.NativeEndian.Uint64(data), int(binary.NativeEndian.Uint64(data[8:]))
	user := strings.HasPrefix(f.Sym, "u")
	n := p.address(user, pid, addr)
	switch strings.TrimPrefix(f.Sym, "u") {
	case "mod":
		return n.Object()
	case "addr":
		return p.wording(user, n, n.String())
	}
	return p.wording(user, n, n.Function())
}

// wording is the name of an address, or with noresolve a process's address and
// what it is in.
func (p *Printer) wording(user bool, n sym.Name, name string) string {
	if user && p.opts.NoResolve && n.Module != "" {
		return fmt.Sprintf("%s:%#x", n.Module, n.Addr)
	}
	return name
}

// entries reads an aggregation; keys that will print as the same function are
// one.
func (p *Printer) entries(l *gen.AggLayout, src Source) ([]Entry, error) {
	all, err := src.Aggregation(l)
	if err != nil {
		return nil, err
	}
	byFunction := func(f gen.Field) bool {
		if p.opts.NoResolve && strings.HasPrefix(f.Sym, "u") && f.Sym != "umod" {
			return false
		}
		return f.Type.Base().Kind == ctype.Sym && !strings.HasSuffix(f.Sym, "addr")
	}
	if !slices.ContainsFunc(l.Keys, byFunction) {
		return all, nil
	}
	var merged []Entry
	at := map[string]int{}
	for _, e := range all {
		for _, f := range l.Keys {
			if byFunction(f) {
				p.roundDown(f, e.Key[f.Off:f.Off+f.Size])
			}
		}
		i, ok := at[string(e.Key)]
		if !ok {
			at[string(e.Key)] = len(merged)
			merged = append(merged, e)
			continue
		}
		merged[i].add(e.Words)
	}
	return merged, nil
}

// roundDown makes an address the beginning of its function, or for mod() the
// first one that was seen in its module.
func (p *Printer) roundDown(f gen.Field, data []byte) {
	addr, pid := binary.NativeEndian.Uint64(data), int(binary.NativeEndian.Uint64(data[8:]))
	n := p.address(strings.HasPrefix(f.Sym, "u"), pid, addr)
	addr -= n.Offset
	if strings.HasSuffix(f.Sym, "mod") && n.Module != "" {
		if p.names.module == nil {
			p.names.module = map[string]uint64{}
		}
		if first, ok := p.names.module[n.Module]; ok {
			addr = first
		}
		p.names.module[n.Module] = addr
	}
	binary.NativeEndian.PutUint64(data, addr)
}

// named is the text of a field that is shown by the names of its addresses.
func (p *Printer) named(f gen.Field, data []byte) (string, bool) {
	switch f.Type.Base().Kind {
	case ctype.Stack:
		return p.stack(f, data), true
	case ctype.Sym:
		return p.symbol(f, data), true
	}
	return "", false
}
