package usdt

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// ErrObject says that a file is no object that probes can be put into.
var ErrObject = errors.New("not a relocatable object for x86-64")

// object is a relocatable object being changed.
type object struct {
	data     []byte
	sections []elf.Section64
	names    []byte // of sections
	namesAt  int    // index of their section
	symbols  []elf.Sym64
	strings  []byte // of symbols
	symtab   int    // index of the section
}

var order = binary.LittleEndian

// decode reads a structure at an offset of the file.
func decode(data []byte, off uint64, v any) error {
	n := binary.Size(v)
	if off > uint64(len(data)) || uint64(len(data))-off < uint64(n) {
		return ErrObject
	}
	_, err := binary.Decode(data[off:], order, v)
	return err
}

func readObject(data []byte) (*object, error) {
	var h elf.Header64
	if err := decode(data, 0, &h); err != nil {
		return nil, ErrObject
	}
	if string(h.Ident[:4]) != elf.ELFMAG || h.Ident[elf.EI_CLASS] != byte(elf.ELFCLASS64) ||
		elf.Type(h.Type) != elf.ET_REL || elf.Machine(h.Machine) != elf.EM_X86_64 || h.Shentsize != 64 {
		return nil, ErrObject
	}
	o := &object{data: data, sections: make([]elf.Section64, h.Shnum), namesAt: int(h.Shstrndx)}
	if err := decode(data, h.Shoff, o.sections); err != nil {
		return nil, err
	}
	if o.namesAt >= len(o.sections) {
		return nil, ErrObject
	}
	var err error
	if o.names, err = o.content(o.namesAt); err != nil {
		return nil, err
	}
	return o, o.readSymbols()
}

// content is what a section has in the file.
func (o *object) content(i int) ([]byte, error) {
	if i < 0 || i >= len(o.sections) {
		return nil, ErrObject
	}
	s := o.sections[i]
	if elf.SectionType(s.Type) == elf.SHT_NOBITS {
		return nil, nil
	}
	if s.Off > uint64(len(o.data)) || s.Size > uint64(len(o.data))-s.Off {
		return nil, ErrObject
	}
	return o.data[s.Off : s.Off+s.Size], nil
}

func (o *object) readSymbols() error {
	for i, s := range o.sections {
		if elf.SectionType(s.Type) != elf.SHT_SYMTAB {
			continue
		}
		b, err := o.content(i)
		if err != nil {
			return err
		}
		o.symtab = i
		o.symbols = make([]elf.Sym64, len(b)/elf.Sym64Size)
		if err := decode(b, 0, o.symbols); err != nil {
			return err
		}
		o.strings, err = o.content(int(s.Link))
		return err
	}
	return nil // one without symbols has no probes either
}

// cstring is the string at an offset of a table.
func cstring(table []byte, off uint32) string {
	if uint64(off) >= uint64(len(table)) {
		return ""
	}
	s, _, _ := bytes.Cut(table[off:], []byte{0})
	return string(s)
}

// site is a call of a probe in an object.
type site struct {
	section  int    // with the code
	offset   uint64 // where the probe shall be
	stub     uint32 // symbol
	provider string
	probe    string
	tail     bool // the call was a jump: the function ends with the probe
}

// sites finds the calls of probes, replaces them by no-ops and forgets that
// they needed a function.
func (o *object) sites() ([]site, error) {
	var all []site
	for i, s := range o.sections {
		if elf.SectionType(s.Type) != elf.SHT_RELA {
			continue
		}
		code, err := o.content(int(s.Info))
		if err != nil || elf.SectionFlag(o.sections[s.Info].Flags)&elf.SHF_EXECINSTR == 0 {
			continue
		}
		b, err := o.content(i)
		if err != nil {
			return nil, err
		}
		for ; len(b) >= 24; b = b[24:] {
			var r elf.Rela64
			if err := decode(b, 0, &r); err != nil {
				return nil, err
			}
			at, ok, err := o.site(code, r)
			if err != nil {
				return nil, err
			}
			if ok {
				at.section = int(s.Info)
				all = append(all, at)
				r.Info, r.Addend = 0, 0 // R_X86_64_NONE
				if _, err := binary.Encode(b, order, r); err != nil {
					return nil, err
				}
			}
		}
	}
	return all, nil
}

// site judges one relocation and takes the call out.
func (o *object) site(code []byte, r elf.Rela64) (site, bool, error) {
	sym := uint32(r.Info >> 32)
	if uint64(sym) >= uint64(len(o.symbols)) {
		return site{}, false, ErrObject
	}
	name := cstring(o.strings, o.symbols[sym].Name)
	rest, ok := strings.CutPrefix(name, "__dtrace_")
	provider, probe, ok2 := strings.Cut(rest, "___")
	if !ok || !ok2 || o.symbols[sym].Shndx != uint16(elf.SHN_UNDEF) {
		return site{}, false, nil
	}
	s := site{stub: sym, provider: provider, probe: probe}
	if r.Off < 1 || r.Off+4 > uint64(len(code)) {
		return site{}, false, ErrObject
	}
	var call []byte
	switch before := code[max(r.Off, 2)-2 : r.Off]; {
	case before[len(before)-1] == 0xe8 || before[len(before)-1] == 0xe9:
		call, s.tail, s.offset = code[r.Off-1:r.Off+4], before[len(before)-1] == 0xe9, r.Off-1
	case len(before) == 2 && before[0] == 0xff && (before[1] == 0x15 || before[1] == 0x25): // through the table of addresses
		call, s.tail, s.offset = code[r.Off-2:r.Off+4], before[1] == 0x25, r.Off-2
	default:
		return site{}, false, fmt.Errorf("the probe %s is used other than by a call", name)
	}
	copy(call, noop(len(call), s.tail))
	return s, true, nil
}

// noop fills n bytes: an instruction that does nothing, and a return behind it
// where the function ended with the call.
func noop(n int, tail bool) []byte {
	if tail {
		b := bytes.Repeat([]byte{0xcc}, n)
		b[0], b[1] = 0x90, 0xc3
		return b
	}
	if n == 6 {
		return []byte{0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00}
	}
	return []byte{0x0f, 0x1f, 0x44, 0x00, 0x00}
}

// anchor is a symbol in a section, and where it is.
func (o *object) anchor(section int) (symbol uint32, value uint64, ok bool) {
	for i, s := range o.symbols {
		if int(s.Shndx) == section && i > 0 {
			return uint32(i), s.Value, true
		}
	}
	return 0, 0, false
}

// Relocations of x86-64.
const (
	relAbsolute = 1 // R_X86_64_64
	relPC       = 2 // R_X86_64_PC32
)

func rela(off uint64, symbol uint32, kind uint32, addend int64) elf.Rela64 {
	return elf.Rela64{Off: off, Info: uint64(symbol)<<32 | uint64(kind), Addend: addend}
}
