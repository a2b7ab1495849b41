package zstream

import (
	"encoding/binary"
	"strings"
	"testing"
)

// rawHeader is a record of one type with numbers at offsets of its body.
func rawHeader(kind uint32, fields map[int]uint64) []byte {
	p := make([]byte, headerSize)
	binary.LittleEndian.PutUint32(p, kind)
	for off, v := range fields {
		binary.LittleEndian.PutUint64(p[8+off:], v)
	}
	return p
}

func TestHeaderLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		kind   uint32
		fields map[int]uint64
		want   string
	}{
		{"write", drrWrite, map[int]uint64{24: maxBlock + 1}, "longer than"},
		{"write longer compressed", drrWrite, map[int]uint64{24: 512, 40: compressLZ4 << 16, 88: 1024}, "longer compressed"},
		{"spill", drrSpill, map[int]uint64{8: 1 << 40}, "longer than"},
		{"embedded block", drrEmbedded, map[int]uint64{16: 1 << 40}, "longer than"},
		{"embedded data", drrEmbedded, map[int]uint64{44: 113}, "longer than"},
		{"bonus", drrObject, map[int]uint64{20: 1 << 20}, "longer than"},
		{"object range", drrObjectRange, nil, "raw or redacted"},
		{"redaction", drrRedact, nil, "raw or redacted"},
		{"unknown", 200, nil, "not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := parseHeader(rawHeader(c.kind, c.fields))
			if n, err := h.payloadSize(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("size %d, %v", n, err)
			}
		})
	}
}

func TestRecordRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		kind   uint32
		fields map[int]uint64
	}{
		{"object 0", drrObject, map[int]uint64{16: 512}},
		{"object number", drrObject, map[int]uint64{0: maxObject, 16: 512}},
		{"block size", drrObject, map[int]uint64{0: 5, 16: 513}},
		{"write offset", drrWrite, map[int]uint64{16: 1<<63 - 1 + 1}},
		{"copy end", drrByRef, map[int]uint64{8: 1<<63 - 8, 16: 512}},
		{"copy source", drrByRef, map[int]uint64{16: 512, 48: 1<<64 - 8}},
		{"embedded type", drrEmbedded, map[int]uint64{32: 1 << 8}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := parseHeader(rawHeader(c.kind, c.fields))
			if rec, err := h.record(new(codec)); err == nil {
				t.Errorf("accepted as %+v", rec)
			}
		})
	}
}

// FuzzRecord reads one record whose checksum is taken for granted.
func FuzzRecord(f *testing.F) {
	for kind := range uint32(drrRedact) {
		f.Add(kind, rawHeader(0, map[int]uint64{0: 5, 16: 512})[8:], []byte("payload of a record"))
	}
	f.Fuzz(func(_ *testing.T, kind uint32, body, payload []byte) {
		raw := rawHeader(kind%(drrRedact+2), nil)
		copy(raw[8:], body)
		h := parseHeader(raw)
		size, err := h.payloadSize()
		if err != nil || size > uint64(len(payload)) {
			return
		}
		h.payload = payload[:size]
		h.record(new(codec))
	})
}
