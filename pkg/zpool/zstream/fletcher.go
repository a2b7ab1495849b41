package zstream

import "encoding/binary"

// sum is the running fletcher-4 checksum over little-endian 32-bit words.
type sum struct{ a, b, c, d uint64 }

// sumSize is the length of a checksum as it stands in a record.
const sumSize = 32

// add takes in p, whose length must be a multiple of 4.
func (s *sum) add(p []byte) {
	a, b, c, d := s.a, s.b, s.c, s.d
	for len(p) >= 4 {
		a += uint64(binary.LittleEndian.Uint32(p))
		b += a
		c += b
		d += c
		p = p[4:]
	}
	s.a, s.b, s.c, s.d = a, b, c, d
}

// parseSum reads the checksum that stands at the start of p.
func parseSum(p []byte) sum {
	le := binary.LittleEndian
	return sum{le.Uint64(p), le.Uint64(p[8:]), le.Uint64(p[16:]), le.Uint64(p[24:])}
}
