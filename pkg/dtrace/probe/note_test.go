package probe

import (
	"encoding/binary"
	"slices"
	"testing"
)

// noteBytes is one note as a linker leaves it.
func noteBytes(owner string, kind uint32, desc []byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, uint32(len(owner)))
	b = le.AppendUint32(b, uint32(len(desc)))
	b = le.AppendUint32(b, kind)
	b = append(b, owner...)
	b = append(b, make([]byte, -len(owner)&3)...)
	b = append(b, desc...)
	return append(b, make([]byte, -len(desc)&3)...)
}

func desc(pc, base, sem uint64, text string) []byte {
	le := binary.LittleEndian
	return append(le.AppendUint64(le.AppendUint64(le.AppendUint64(nil, pc), base), sem), text...)
}

func TestParseNotes(t *testing.T) {
	data := slices.Concat(
		noteBytes("GNU\x00", 1, []byte("whatever")),
		noteBytes(noteOwner, noteType, desc(0x1000, 0x500, 0x2000, "prov\x00go__now\x00-4@%edi\x00")),
		noteBytes(noteOwner, 9, nil),
		noteBytes(noteOwner, noteType, desc(0x1010, 0x500, 0, "prov\x00stop\x00\x00")))
	got, err := parseNotes(data, binary.LittleEndian, 0x700)
	want := []note{
		{0x1200, 0x2200, "prov", "go__now", "-4@%edi"}, {0x1210, 0, "prov", "stop", ""},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err = parseNotes(data, binary.LittleEndian, 0); err != nil || got[0].addr != 0x1000 {
		t.Errorf("moved without a base: %+v, %v", got, err)
	}
	for _, bad := range [][]byte{data[:len(data)-30], noteBytes(noteOwner, noteType, []byte("short")), noteBytes(noteOwner, noteType, desc(1, 2, 3, "one"))} {
		if _, err := parseNotes(bad, binary.LittleEndian, 0); err == nil {
			t.Errorf("%x was taken", bad)
		}
	}
}

func FuzzParseNotes(f *testing.F) {
	f.Add(noteBytes(noteOwner, noteType, desc(1, 2, 3, "a\x00b\x008@%rdi\x00")))
	f.Fuzz(func(_ *testing.T, data []byte) {
		list, err := parseNotes(data, binary.LittleEndian, 1)
		if err != nil {
			return
		}
		for _, n := range list {
			noteArgs(n.operands)
			for _, o := range parseOperands(n.operands) {
				_, _ = o.load(-64)
			}
		}
	})
}

func TestNoteArgs(t *testing.T) {
	var got []string
	for _, a := range noteArgs("-4@%edi 8@%rsi 2@$5 -1@%al 8@-8(%rbp)") {
		got = append(got, a.Type)
	}
	if want := []string{"int32_t", "uint64_t", "uint16_t", "int8_t", "uint64_t"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
