package consume

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
)

// printIndent is how far the layout of print() stands to the right.
const printIndent = 44

// show writes the layout of memory: types, members and values, without the
// members that are zero.
type show struct {
	b     *strings.Builder
	limit int // bytes to show
}

// print is the text of print(): the address, then what it points to.
func (p *Printer) print(t *ctype.Type, addr uint64, data []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%#x = *\n", addr)
	s := show{&b, min(p.opts.PrintSize, len(data))}
	s.indent(0)
	s.value(t, data, 0, 0)
	b.WriteString("\n")
	return b.String()
}

func (s show) indent(depth int) { s.b.WriteString(strings.Repeat(" ", printIndent+depth)) }

// value writes (type)value of what lies at off.
func (s show) value(t *ctype.Type, data []byte, off, depth int) {
	switch b := t.Base(); b.Kind {
	case ctype.Struct, ctype.Union:
		s.members(t, data, off, depth)
	case ctype.Array:
		s.array(t, data, off, depth)
	default:
		fmt.Fprintf(s.b, "(%s)%s", t, scalar(t, word(data, off, t.Bytes())))
	}
}

// word is the value of size bytes at off.
func word(data []byte, off, size int) uint64 {
	var buf [8]byte
	if off < len(data) {
		copy(buf[:min(size, 8)], data[off:])
	}
	return binary.NativeEndian.Uint64(buf[:])
}

func scalar(t *ctype.Type, v uint64) string {
	b := t.Base()
	switch {
	case b.Kind == ctype.Pointer:
		return fmt.Sprintf("%#x", v)
	case b.Kind == ctype.Enum:
		for _, e := range b.Values {
			if e.Value == int64(int32(v)) {
				return e.Name
			}
		}
		return fmt.Sprint(int32(v))
	case b.Char && t.Kind != ctype.Typedef && b.Signed && v >= ' ' && v <= '~':
		return fmt.Sprintf("'%c'", v)
	case b.Signed:
		shift := 64 - 8*b.Size
		return fmt.Sprint(int64(v<<shift) >> shift)
	}
	return fmt.Sprint(v)
}

func aggregateName(t *ctype.Type) string {
	if b := t.Base(); t.Kind != ctype.Typedef && b.Name == "" {
		return map[ctype.Kind]string{ctype.Struct: "struct", ctype.Union: "union"}[b.Kind]
	}
	return t.String()
}

// members writes a struct or union; what lies beyond the limit is three dots.
func (s show) members(t *ctype.Type, data []byte, off, depth int) {
	fmt.Fprintf(s.b, "(%s) {\n", aggregateName(t))
	for _, m := range t.Members() {
		at := off + m.Offset
		if at+m.Type.Bytes() > s.limit && (at >= s.limit || !m.Type.IsSOU()) {
			s.indent(depth + 1)
			s.b.WriteString("...\n")
			break
		}
		if s.zero(m, data, at) {
			continue
		}
		s.indent(depth + 1)
		if m.Name != "" {
			s.b.WriteString("." + m.Name + " = ")
		}
		if m.BitSize > 0 {
			v := word(data, at, m.Bytes()) >> m.BitOff & (1<<m.BitSize - 1)
			fmt.Fprintf(s.b, "(%s)%d", m.Type, v)
		} else {
			s.value(m.Type, data, at, depth+1)
		}
		s.b.WriteString(",\n")
	}
	s.indent(depth)
	s.b.WriteString("}")
}

// zero reports a member that is nothing but zeros, which is not shown. An array
// of characters is: it says that it is empty.
func (s show) zero(m ctype.Member, data []byte, at int) bool {
	if m.BitSize > 0 {
		return word(data, at, m.Bytes())>>m.BitOff&(1<<m.BitSize-1) == 0
	}
	end := min(at+m.Type.Bytes(), len(data))
	for _, c := range data[min(at, end):end] {
		if c != 0 {
			return false
		}
	}
	return true
}

func (s show) array(t *ctype.Type, data []byte, off, depth int) {
	b := t.Base()
	elem, size := b.Elem, b.Elem.Bytes()
	fmt.Fprintf(s.b, "(%s) [\n", t)
	for i := range b.Len {
		at := off + i*size
		if at+size > s.limit {
			s.indent(depth + 1)
			s.b.WriteString("...\n")
			break
		}
		zero := s.zero(ctype.Member{Type: elem}, data, at)
		if zero && elem.Base().Char {
			break
		}
		if zero {
			continue
		}
		s.indent(depth + 1)
		s.value(elem, data, at, depth+1)
		s.b.WriteString(",\n")
	}
	s.indent(depth)
	s.b.WriteString("]")
}
