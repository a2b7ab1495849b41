package probe

// instructions are where the instructions of a function begin; false when some
// bytes are none, since then what follows cannot be told from data.
func instructions(code []byte) ([]int, bool) {
	var starts []int
	for at := 0; at < len(code); {
		n := instructionLen(code[at:])
		if n <= 0 || at+n > len(code) {
			return nil, false
		}
		starts = append(starts, at)
		at += n
	}
	return starts, true
}

// decoder reads one instruction, whose length is all that matters here.
type decoder struct {
	b      []byte
	at     int
	small  bool // prefix 66: operands of 16 bits
	addr32 bool // prefix 67
	wide   bool // REX.W
}

// instructionLen is the bytes of the instruction that b begins with, 0 when it
// is none. See the opcode maps of the processor's manual, appendix A.
func instructionLen(b []byte) int {
	d := decoder{b: b}
	op, ok := d.prefixes()
	if !ok {
		return 0
	}
	switch op {
	case 0xc5, 0xc4, 0x62:
		return d.vector(op)
	case 0x0f:
		return d.twoBytes()
	}
	return d.oneByte(op)
}

func (d *decoder) next() (byte, bool) {
	if d.at >= len(d.b) || d.at >= 15 {
		return 0, false
	}
	d.at++
	return d.b[d.at-1], true
}

// prefixes reads up to the opcode.
func (d *decoder) prefixes() (byte, bool) {
	for {
		op, ok := d.next()
		switch {
		case !ok:
			return 0, false
		case op == 0x66:
			d.small = true
		case op == 0x67:
			d.addr32 = true
		case op == 0xf0 || op == 0xf2 || op == 0xf3 || op == 0x2e || op == 0x36 || op == 0x3e || op == 0x26 || op == 0x64 || op == 0x65:
		case op&0xf0 == 0x40:
			d.wide = op&8 != 0
			return d.next() // nothing may come between
		default:
			return op, true
		}
	}
}

// immz is an operand of 32 bits, or 16.
func (d *decoder) immz() int {
	if d.small && !d.wide {
		return 2
	}
	return 4
}

// end is the length with n more bytes.
func (d *decoder) end(n int) int {
	if d.at += n; d.at > len(d.b) || d.at > 15 {
		return 0
	}
	return d.at
}

// modrm reads the byte that tells the operands, and where they are; then n more
// bytes end the instruction.
func (d *decoder) modrm(n int) int {
	m, ok := d.next()
	if !ok {
		return 0
	}
	mod, rm := m>>6, m&7
	if mod == 3 {
		return d.end(n)
	}
	if rm == 4 {
		sib, ok := d.next()
		if !ok {
			return 0
		}
		if mod == 0 && sib&7 == 5 {
			n += 4
		}
	}
	switch {
	case mod == 0 && rm == 5, mod == 2:
		n += 4
	case mod == 1:
		n++
	}
	return d.end(n)
}

func (d *decoder) oneByte(op byte) int {
	switch {
	case op < 0x40:
		return d.arithmetic(op)
	case op < 0x60, op >= 0x90 && op <= 0x9f && op != 0x9a, op >= 0x6c && op <= 0x6f:
		return d.end(0)
	case op >= 0x70 && op <= 0x7f, op >= 0xb0 && op <= 0xb7, op >= 0xe0 && op <= 0xe7:
		return d.end(1)
	case op >= 0xb8 && op <= 0xbf:
		if d.wide {
			return d.end(8)
		}
		return d.end(d.immz())
	case op >= 0x84 && op <= 0x8f, op >= 0xd0 && op <= 0xd3, op >= 0xd8 && op <= 0xdf:
		return d.modrm(0)
	case op >= 0xa0 && op <= 0xa3:
		if d.addr32 {
			return d.end(4)
		}
		return d.end(8)
	}
	return d.oneByteRest(op)
}

// arithmetic is the first quarter of the map: eight operations alike.
func (d *decoder) arithmetic(op byte) int {
	switch op & 7 {
	case 4:
		return d.end(1)
	case 5:
		return d.end(d.immz())
	case 6, 7:
		return 0
	}
	return d.modrm(0)
}

func (d *decoder) oneByteRest(op byte) int {
	switch op {
	case 0x63, 0xfe, 0xff:
		return d.modrm(0)
	case 0x68, 0xa9:
		return d.end(d.immz())
	case 0x69, 0x81, 0xc7:
		return d.modrm(d.immz())
	case 0x6a, 0xa8, 0xcd, 0xeb:
		return d.end(1)
	case 0x6b, 0x80, 0x83, 0xc0, 0xc1, 0xc6:
		return d.modrm(1)
	case 0xc2, 0xca:
		return d.end(2)
	case 0xc8:
		return d.end(3)
	case 0xe8, 0xe9:
		return d.end(4)
	case 0xf6, 0xf7: // test has an operand behind it, the others have not
		if d.at < len(d.b) && d.b[d.at]>>3&7 < 2 {
			if op == 0xf6 {
				return d.modrm(1)
			}
			return d.modrm(d.immz())
		}
		return d.modrm(0)
	case 0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0xc3, 0xc9, 0xcb, 0xcc, 0xcf, 0xd7,
		0xec, 0xed, 0xee, 0xef, 0xf1, 0xf4, 0xf5, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd:
		return d.end(0)
	}
	return 0
}

func (d *decoder) twoBytes() int {
	op, ok := d.next()
	switch {
	case !ok:
		return 0
	case op == 0x38:
		d.at++
		return d.modrm(0)
	case op == 0x3a:
		d.at++
		return d.modrm(1)
	case op >= 0x80 && op <= 0x8f:
		return d.end(4)
	case op >= 0x30 && op <= 0x37, op >= 0xc8 && op <= 0xcf, op >= 0x05 && op <= 0x09, op == 0x0b, op == 0x0e,
		op == 0x77, op >= 0xa0 && op <= 0xa2, op >= 0xa8 && op <= 0xaa:
		return d.end(0)
	case op == 0x0f, op == 0xa4, op == 0xac, op == 0xba, hasByte(op):
		return d.modrm(1)
	}
	return d.modrm(0)
}

// hasByte reports opcodes of map 1 with an operand of a byte, also as vectors.
func hasByte(op byte) bool {
	return op >= 0x70 && op <= 0x73 || op == 0xc2 || op >= 0xc4 && op <= 0xc6
}

// vector reads VEX and EVEX, which have the map in their first byte.
func (d *decoder) vector(prefix byte) int {
	m := byte(1)
	skip := 1
	if prefix != 0xc5 {
		p, ok := d.next()
		if !ok {
			return 0
		}
		if m = p & 0x1f; prefix == 0x62 {
			m, skip = p&7, 2
		}
	}
	d.at += skip
	op, ok := d.next()
	switch {
	case !ok:
		return 0
	case m == 3 || m == 1 && hasByte(op):
		return d.modrm(1)
	case m == 1 && op == 0x77:
		return d.end(0)
	}
	return d.modrm(0)
}
