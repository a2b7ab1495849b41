package usdt

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"
)

// Rewrite makes the places of an object's code where probes are called probes.
// It returns nil when there was nothing to do: an object stays as it is when it
// was rewritten before.
func Rewrite(data []byte, providers []Provider) ([]byte, error) {
	o, err := readObject(bytes.Clone(data))
	if err != nil {
		return nil, err
	}
	sites, err := o.sites()
	if err != nil || len(sites) == 0 {
		return nil, err
	}
	var notes bytes.Buffer
	var relocs []elf.Rela64
	for _, s := range sites {
		p := find(providers, s.provider, s.probe)
		if p == nil {
			return nil, fmt.Errorf("the probe %s:%s is used and not declared", s.provider, s.probe)
		}
		symbol, value, ok := o.anchor(s.section)
		if !ok {
			return nil, ErrObject
		}
		at := uint64(notes.Len()) + 20 // behind the head and the owner's name
		relocs = append(relocs,
			rela(at, symbol, relAbsolute, int64(s.offset-value)),
			rela(at+16, s.stub, relAbsolute, 0))
		note(&notes, s.provider, s.probe, operands(p.Args, s.tail))
	}
	return o.add(".note.stapsdt", notes.Bytes(), relocs)
}

func find(providers []Provider, provider, probe string) *Probe {
	for _, p := range providers {
		for i := range p.Probes {
			if p.Name == provider && p.Probes[i].Name == probe {
				return &p.Probes[i]
			}
		}
	}
	return nil
}

// note writes one systemtap note; the linker fills its addresses in.
func note(b *bytes.Buffer, provider, probe, operands string) {
	desc := append(make([]byte, 24), provider+"\x00"+probe+"\x00"+operands+"\x00"...)
	for _, n := range []uint32{8, uint32(len(desc)), 3} {
		b.Write(order.AppendUint32(nil, n))
	}
	b.WriteString("stapsdt\x00")
	b.Write(desc)
	b.Write(make([]byte, -b.Len()&3))
}

// operands are where the arguments of a call are, by the ABI.
func operands(args []Arg, tail bool) string {
	regs := [...][4]string{
		{"dil", "di", "edi", "rdi"},
		{"sil", "si", "esi", "rsi"},
		{"dl", "dx", "edx", "rdx"},
		{"cl", "cx", "ecx", "rcx"},
		{"r8b", "r8w", "r8d", "r8"},
		{"r9b", "r9w", "r9d", "r9"},
	}
	var list []string
	stack := 0
	if tail {
		stack = 8 // the address to return to
	}
	for i, a := range args {
		sign := ""
		if a.Signed {
			sign = "-"
		}
		if i < len(regs) {
			width := map[int]int{1: 0, 2: 1, 4: 2, 8: 3}[a.Size]
			list = append(list, fmt.Sprintf("%s%d@%%%s", sign, a.Size, regs[i][width]))
			continue
		}
		list = append(list, fmt.Sprintf("%s%d@%d(%%rsp)", sign, a.Size, stack))
		stack += 8
	}
	return strings.Join(list, " ")
}

// add appends a section with its relocations; the table of sections moves to
// the end of the file.
func (o *object) add(name string, content []byte, relocs []elf.Rela64) ([]byte, error) {
	out := bytes.NewBuffer(o.data)
	place := func(b []byte) uint64 {
		out.Write(make([]byte, -out.Len()&7))
		at := uint64(out.Len())
		out.Write(b)
		return at
	}
	names := bytes.Clone(o.names)
	relName := uint32(len(names))
	names = append(append(names, ".rela"+name...), 0)
	var r bytes.Buffer
	if err := binary.Write(&r, order, relocs); err != nil {
		return nil, err
	}
	at := len(o.sections)
	sections := append(o.sections,
		elf.Section64{Name: relName + 5, Type: uint32(elf.SHT_NOTE), Off: place(content), Size: uint64(len(content)), Addralign: 4},
		elf.Section64{
			Name: relName, Type: uint32(elf.SHT_RELA), Flags: uint64(elf.SHF_INFO_LINK), Off: place(r.Bytes()),
			Size: uint64(r.Len()), Link: uint32(o.symtab), Info: uint32(at), Addralign: 8, Entsize: 24,
		})
	sections[o.namesAt].Off, sections[o.namesAt].Size = place(names), uint64(len(names))
	var table bytes.Buffer
	if err := binary.Write(&table, order, sections); err != nil {
		return nil, err
	}
	shoff := place(table.Bytes())
	file := out.Bytes()
	order.PutUint64(file[40:], shoff)
	order.PutUint16(file[60:], uint16(len(sections)))
	return file, nil
}
