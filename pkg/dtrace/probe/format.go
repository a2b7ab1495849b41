package probe

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

// field is one field of a tracepoint's record, as the kernel describes it.
type field struct {
	typ          string // in C, without the array
	name         string
	offset, size int
	signed       bool
	array        bool
	located      bool // the record has where the data is: __data_loc
}

// parseFormat reads the lines "field:TYPE NAME; offset:N; size:N; signed:N;" of
// an event's format, without the fields that all events have.
func parseFormat(text []byte) []field {
	var list []field
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		rest, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "field:")
		if !ok {
			continue
		}
		parts := map[string]string{}
		decl, rest, _ := strings.Cut(rest, ";")
		for part := range strings.SplitSeq(rest, ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(part), ":")
			parts[key] = value
		}
		f, ok := parseField(decl, parts)
		if ok && !strings.HasPrefix(f.name, "common_") {
			list = append(list, f)
		}
	}
	return list
}

func parseField(decl string, parts map[string]string) (field, bool) {
	offset, err1 := strconv.Atoi(parts["offset"])
	size, err2 := strconv.Atoi(parts["size"])
	f := field{offset: offset, size: size, signed: parts["signed"] == "1"}
	const most = 4096
	if err1 != nil || err2 != nil || offset < 0 || size < 0 || offset > most || size > most {
		return f, false
	}
	decl, f.located = cutWord(decl, "__data_loc")
	if !f.located {
		decl, f.located = cutWord(decl, "__rel_loc")
		if f.located { // seldom, and counted from elsewhere
			return f, false
		}
	}
	if open := strings.IndexByte(decl, '['); open >= 0 {
		f.array = true
		after := decl[strings.IndexByte(decl, ']')+1:]
		decl = decl[:open] + after
	}
	space := strings.LastIndexAny(decl, " *")
	if space < 0 {
		return f, false
	}
	f.typ, f.name = strings.TrimSpace(decl[:space+1]), decl[space+1:]
	return f, true
}

func cutWord(s, word string) (string, bool) {
	rest, ok := strings.CutPrefix(s, word+" ")
	return rest, ok
}

// arg is what args[] has for a field: text as a string, an array as bytes, the
// rest as a number of its width.
func (f field) arg() Arg {
	switch {
	case (f.array || f.located) && strings.HasSuffix(f.typ, "char"):
		return Arg{Type: "char *"}
	case f.array || f.located:
		return Arg{Type: "void *"}
	case strings.HasSuffix(f.typ, "*"):
		return Arg{Type: "uintptr_t"}
	}
	name := map[int]string{1: "int8_t", 2: "int16_t", 4: "int32_t", 8: "int64_t"}[f.size]
	if name == "" {
		name = "int64_t"
	}
	if !f.signed {
		name = "u" + name
	}
	return Arg{Type: name}
}

// Record is a tracepoint with its record as the kernel would print it.
type Record struct{ fields []field }

// RecordPoint reads how an event's record looks.
func RecordPoint(a Attach) (Record, error) {
	text, err := readTracefs("events/" + a.Event + "/format")
	if err != nil {
		return Record{}, fmt.Errorf("read the format of %s: %w", a.Event, err)
	}
	return Record{parseFormat(text)}, nil
}

// Name is the provider's name, for messages.
func (Record) Name() string { return "tracepoints" }

// OwnFrames are those of the tracing on top of the stack.
func (Record) OwnFrames() int { return tracepointFrames }

// Arg is a field: its value, or the address of an array.
func (r Record) Arg(n int, scratch int16) (asm.Instructions, error) {
	if n >= len(r.fields) {
		return asm.Instructions{asm.Mov.Imm(asm.R0, 0)}, nil
	}
	f := r.fields[n]
	if f.array || f.located {
		return f.address(scratch), nil
	}
	size, narrow := map[int]asm.Size{1: asm.Byte, 2: asm.Half, 4: asm.Word}[f.size]
	if !narrow {
		return asm.Instructions{asm.LoadMem(asm.R0, asm.R6, int16(f.offset), asm.DWord)}, nil
	}
	ins := asm.Instructions{asm.LoadMem(asm.R0, asm.R6, int16(f.offset), size)}
	if f.signed {
		shift := int32(64 - 8*f.size)
		ins = append(ins, asm.LSh.Imm(asm.R0, shift), asm.ArSh.Imm(asm.R0, shift))
	}
	return ins, nil
}

// address computes where an array lies. The record's own address is read back
// from the stack, so that the verifier takes it for a number.
func (f field) address(scratch int16) asm.Instructions {
	ins := asm.Instructions{
		asm.StoreMem(asm.RFP, scratch-8, asm.R6, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(scratch)),
		asm.Mov.Imm(asm.R2, 8),
		asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, int32(scratch-8)),
		asm.FnProbeReadKernel.Call(),
		asm.LoadMem(asm.R0, asm.RFP, scratch, asm.DWord),
	}
	if !f.located {
		return append(ins, asm.Add.Imm(asm.R0, int32(f.offset)))
	}
	return append(ins,
		asm.LoadMem(asm.R1, asm.R6, int16(f.offset), asm.Word),
		asm.And.Imm(asm.R1, 0xffff),
		asm.Add.Reg(asm.R0, asm.R1))
}

// AttachRecord attaches a program to an event by its number.
func AttachRecord(prog *ebpf.Program, a Attach) (Attachment, error) {
	text, err := readTracefs("events/" + a.Event + "/id")
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", a.Event, err)
	}
	id, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", a.Event, err)
	}
	attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_TRACEPOINT, Config: id, Size: unix.PERF_ATTR_SIZE_VER7}
	fd, err := openEvent(attr, 0, prog) // a program runs on every CPU
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.Event, err)
	}
	return perfEvents{fd}, nil
}

// records lists sdt:GROUP::NAME.
func records(db *DB) []*Probe {
	var list []*Probe
	for _, e := range events(db) {
		name := e.group + "/" + e.name
		list = append(list, &Probe{
			Provider: "sdt", Module: e.group, Name: e.name, Attach: Attach{Kind: Recorded, Event: name},
			args: func() []Arg {
				r, err := RecordPoint(Attach{Event: name})
				if err != nil {
					return nil
				}
				args := make([]Arg, len(r.fields))
				for i, f := range r.fields {
					args[i] = f.arg()
				}
				return args
			},
		})
	}
	return list
}
