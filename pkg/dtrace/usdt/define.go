package usdt

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// Define is the object that completes a program: for each probe a semaphore
// that counts who listens, under the name of the probe's stub, and a function
// that tells whether it is more than zero.
func Define(providers []Provider) ([]byte, error) {
	d := &definer{strings: []byte{0}, symbols: make([]elf.Sym64, 1)}
	for _, p := range providers {
		for _, probe := range p.Probes {
			d.probe(p.Name, probe.Name)
		}
	}
	return d.file()
}

type definer struct {
	text, probes []byte
	relocs       []elf.Rela64
	symbols      []elf.Sym64
	strings      []byte
}

// Sections of the object, by index.
const (
	secText = iota + 1
	secProbes
	secRela
	secSymtab
	secStrtab
	secStack
	secNames
	secCount
)

// probe adds one. The names stay in the program or library that is linked, so
// that two of them with the same provider do not meet.
func (d *definer) probe(provider, probe string) {
	semaphore := d.symbol(stub(provider, probe), elf.STT_OBJECT, secProbes, len(d.probes), 2)
	d.probes = append(d.probes, 0, 0)
	at := len(d.text)
	// endbr64; movzwl semaphore(%rip), %eax; ret
	d.text = append(d.text, 0xf3, 0x0f, 0x1e, 0xfa, 0x0f, 0xb7, 0x05, 0, 0, 0, 0, 0xc3)
	d.relocs = append(d.relocs, rela(uint64(at+7), semaphore, relPC, -4))
	d.symbol(enabled(provider, probe), elf.STT_FUNC, secText, at, 12)
}

func (d *definer) symbol(name string, kind elf.SymType, section, value, size int) uint32 {
	d.symbols = append(d.symbols, elf.Sym64{
		Name: uint32(len(d.strings)), Info: elf.ST_INFO(elf.STB_GLOBAL, kind), Other: byte(elf.STV_HIDDEN),
		Shndx: uint16(section), Value: uint64(value), Size: uint64(size),
	})
	d.strings = append(append(d.strings, name...), 0)
	return uint32(len(d.symbols) - 1)
}

func (d *definer) file() ([]byte, error) {
	names := []byte("\x00.text\x00.probes\x00.rela.text\x00.symtab\x00.strtab\x00.note.GNU-stack\x00.shstrtab\x00")
	name := func(s string) uint32 { return uint32(bytes.Index(names, []byte("\x00"+s+"\x00")) + 1) }
	alloc, write, exec := uint64(elf.SHF_ALLOC), uint64(elf.SHF_WRITE), uint64(elf.SHF_EXECINSTR)
	sections := [secCount]elf.Section64{
		secText:   {Name: name(".text"), Type: uint32(elf.SHT_PROGBITS), Flags: alloc | exec, Addralign: 16},
		secProbes: {Name: name(".probes"), Type: uint32(elf.SHT_PROGBITS), Flags: alloc | write, Addralign: 2},
		secRela:   {Name: name(".rela.text"), Type: uint32(elf.SHT_RELA), Flags: uint64(elf.SHF_INFO_LINK), Link: secSymtab, Info: secText, Addralign: 8, Entsize: 24},
		secSymtab: {Name: name(".symtab"), Type: uint32(elf.SHT_SYMTAB), Link: secStrtab, Info: 1, Addralign: 8, Entsize: elf.Sym64Size},
		secStrtab: {Name: name(".strtab"), Type: uint32(elf.SHT_STRTAB), Addralign: 1},
		secStack:  {Name: name(".note.GNU-stack"), Type: uint32(elf.SHT_PROGBITS), Addralign: 1},
		secNames:  {Name: name(".shstrtab"), Type: uint32(elf.SHT_STRTAB), Addralign: 1},
	}
	h := elf.Header64{
		Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64, Shentsize: 64,
		Shnum: secCount, Shstrndx: secNames,
	}
	copy(h.Ident[:], elf.ELFMAG+"\x02\x01\x01")
	body := bytes.NewBuffer(make([]byte, 64))
	for i, content := range [secCount]any{
		secText: d.text, secProbes: d.probes, secRela: d.relocs, secSymtab: d.symbols, secStrtab: d.strings, secNames: names,
	} {
		body.Write(make([]byte, -body.Len()&15))
		sections[i].Off = uint64(body.Len())
		if content != nil {
			if err := binary.Write(body, order, content); err != nil {
				return nil, err
			}
		}
		sections[i].Size = uint64(body.Len()) - sections[i].Off
	}
	sections[0] = elf.Section64{}
	body.Write(make([]byte, -body.Len()&7))
	h.Shoff = uint64(body.Len())
	if err := binary.Write(body, order, sections); err != nil {
		return nil, err
	}
	file := body.Bytes()
	_, err := binary.Encode(file, order, h)
	return file, err
}
