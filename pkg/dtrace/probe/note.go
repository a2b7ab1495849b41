package probe

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"strings"
)

// note is one probe that an author put into a program: a systemtap note, as
// Python, libc, QEMU and what our own -G makes have them.
type note struct {
	addr, semaphore          uint64
	provider, name, operands string
}

const (
	noteSection = ".note.stapsdt"
	noteType    = 3
	noteOwner   = "stapsdt\x00"
)

var errNote = errors.New("malformed note of a probe")

// readNotes reads the probes of a program. Addresses are corrected by how far
// the program was moved after the notes were written.
func readNotes(f *elf.File) ([]note, error) {
	s := f.Section(noteSection)
	if s == nil || f.Class != elf.ELFCLASS64 {
		return nil, nil
	}
	data, err := s.Data()
	if err != nil {
		return nil, err
	}
	base := uint64(0)
	if b := f.Section(".stapsdt.base"); b != nil {
		base = b.Addr
	}
	return parseNotes(data, f.ByteOrder, base)
}

// parseNotes reads a section of notes.
func parseNotes(data []byte, order binary.ByteOrder, base uint64) ([]note, error) {
	var list []note
	for len(data) >= 12 {
		ownerLen, descLen, kind := order.Uint32(data), order.Uint32(data[4:]), order.Uint32(data[8:])
		data = data[12:]
		owner, rest, ok := cutPadded(data, ownerLen)
		if !ok {
			return list, errNote
		}
		desc, rest, ok := cutPadded(rest, descLen)
		if !ok {
			return list, errNote
		}
		data = rest
		if kind != noteType || string(owner) != noteOwner {
			continue
		}
		n, err := parseNote(desc, order, base)
		if err != nil {
			return list, err
		}
		list = append(list, n)
	}
	return list, nil
}

// cutPadded cuts n bytes, padded to four.
func cutPadded(data []byte, n uint32) (head, rest []byte, ok bool) {
	whole := (uint64(n) + 3) &^ 3
	if uint64(len(data)) < uint64(n) {
		return nil, nil, false
	}
	return data[:n], data[min(whole, uint64(len(data))):], true
}

func parseNote(desc []byte, order binary.ByteOrder, base uint64) (note, error) {
	if len(desc) < 24 {
		return note{}, errNote
	}
	n := note{addr: order.Uint64(desc), semaphore: order.Uint64(desc[16:])}
	if from := order.Uint64(desc[8:]); base != 0 && from != 0 {
		n.addr += base - from
		if n.semaphore != 0 {
			n.semaphore += base - from
		}
	}
	parts := bytes.SplitN(desc[24:], []byte{0}, 4)
	if len(parts) < 3 {
		return note{}, errNote
	}
	n.provider, n.name, n.operands = string(parts[0]), string(parts[1]), string(parts[2])
	return n, nil
}

// operand is where an argument is: SIZE@WHERE.
type operand struct {
	size   int // bytes
	signed bool
	where  string
}

// parseOperands splits the description of all arguments. A blank may stand
// inside of parentheses.
func parseOperands(s string) []operand {
	var list []operand
	for word := range strings.FieldsSeq(s) {
		size, where, ok := strings.Cut(word, "@")
		o := operand{size: 8, where: word}
		if ok {
			o.where = where
			o.signed = strings.HasPrefix(size, "-")
			switch strings.TrimPrefix(strings.TrimSuffix(size, "f"), "-") {
			case "1":
				o.size = 1
			case "2":
				o.size = 2
			case "4":
				o.size = 4
			}
		}
		list = append(list, o)
	}
	return list
}

// noteArgs are the types of args[] by what a note tells: how wide they are.
func noteArgs(operands string) []Arg {
	args := []Arg{}
	for _, o := range parseOperands(operands) {
		name := map[int]string{1: "int8_t", 2: "int16_t", 4: "int32_t", 8: "int64_t"}[o.size]
		if !o.signed {
			name = "u" + name
		}
		args = append(args, Arg{Type: name})
	}
	return args
}
