package zstream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// headerSize is the fixed length of every record without its payload.
const headerSize = 312

// sumOffset is where a header's own checksum stands, BEGIN excepted.
const sumOffset = headerSize - sumSize

const (
	drrBegin = iota
	drrObject
	drrFreeObjects
	drrWrite
	drrFree
	drrEnd
	drrByRef
	drrSpill
	drrEmbedded
	drrObjectRange
	drrRedact
)

const (
	magic        = 0x2F5bacbac
	magicSwapped = 0xaccbbaf502000000
)

// compoundKind in a BEGIN announces the streams of several snapshots.
const compoundKind = 2

// header is a record's fixed part, split as the wire has it.
type header struct {
	kind    uint32
	begin   uint32 // payload length, meaningful in BEGIN only
	body    []byte // per-type fields
	payload []byte
}

func (h *header) u32(off int) uint32 { return binary.LittleEndian.Uint32(h.body[off:]) }
func (h *header) u64(off int) uint64 { return binary.LittleEndian.Uint64(h.body[off:]) }

func parseHeader(p []byte) header {
	return header{
		kind:  binary.LittleEndian.Uint32(p),
		begin: binary.LittleEndian.Uint32(p[4:]),
		body:  p[8:headerSize],
	}
}

// payloadSize is computed from the per-type fields, since kernels leave the
// common length field empty in all records but BEGIN.
func (h *header) payloadSize() (uint64, error) {
	switch h.kind {
	case drrBegin:
		most := uint64(maxNvlist)
		if h.u64(8)&3 != compoundKind {
			most = maxInnerList
		}
		return limit("header list", uint64(h.begin), most)
	case drrObject:
		n, err := limit("bonus", uint64(h.u32(20)), maxBonus)
		return roundUp8(n), err
	case drrWrite:
		return h.blockPayload("block", 24, 88, h.body[42])
	case drrSpill:
		return h.blockPayload("spill block", 8, 32, h.body[25])
	case drrEmbedded:
		if _, err := limit("embedded block", h.u64(16), maxBlock); err != nil {
			return 0, err
		}
		n, err := limit("embedded data", uint64(h.u32(44)), maxEmbedded)
		return roundUp8(n), err
	case drrFreeObjects, drrFree, drrEnd, drrByRef:
		return 0, nil
	case drrObjectRange, drrRedact:
		return 0, fmt.Errorf("record type %d belongs to raw or redacted streams", h.kind)
	}
	return 0, fmt.Errorf("record type %d is not known", h.kind)
}

// blockPayload is the size of a block's payload, compressed or not.
func (h *header) blockPayload(what string, sizeOff, compressedOff int, alg uint8) (uint64, error) {
	size, err := limit(what, h.u64(sizeOff), maxBlock)
	if err != nil || alg <= compressOff {
		return size, err
	}
	n := h.u64(compressedOff)
	if n == 0 && h.kind == drrSpill {
		return size, nil
	}
	if n > size {
		return 0, fmt.Errorf("%s is longer compressed (%d bytes) than plain (%d bytes)", what, n, size)
	}
	return n, nil
}

func limit(what string, n, most uint64) (uint64, error) {
	if n > most {
		return 0, fmt.Errorf("%s of %d bytes is longer than the %d that the format allows", what, n, most)
	}
	return n, nil
}

func roundUp8(n uint64) uint64 { return (n + 7) &^ 7 }

// record turns a verified header and its payload into what callers see.
func (h *header) record(c *codec) (Record, error) {
	switch h.kind {
	case drrBegin:
		return h.parseBegin()
	case drrObject:
		return h.object()
	case drrFreeObjects:
		return &FreeObjects{First: h.u64(0), Count: h.u64(8)}, nil
	case drrWrite:
		data, err := c.block(h.body[42], h.u64(24), h.payload)
		return h.checkRange(&Write{Object: h.u64(0), Offset: h.u64(16), Data: data}, h.u64(16), h.u64(24), err)
	case drrFree:
		return &Free{Object: h.u64(0), Offset: h.u64(8), Length: h.u64(16)}, nil
	case drrSpill:
		data, err := h.spillData(c)
		return &Spill{Object: h.u64(0), Unmodified: h.body[24]&4 != 0, Data: data}, err
	case drrEmbedded:
		data, err := h.embedded(c)
		return h.checkRange(&Write{Object: h.u64(0), Offset: h.u64(8), Data: data}, h.u64(8), h.u64(16), err)
	case drrByRef:
		return h.byRef()
	default:
		return &End{ToGUID: h.u64(32)}, nil
	}
}

// checkRange refuses content whose end no file can have.
func (h *header) checkRange(rec Record, offset, length uint64, err error) (Record, error) {
	if err == nil && (offset > math.MaxInt64 || length > math.MaxInt64-offset) {
		err = fmt.Errorf("offset %d of object %d is beyond what a file can have", offset, h.u64(0))
	}
	return rec, err
}

func (h *header) byRef() (Record, error) {
	ref := &ByRef{
		Object: h.u64(0), Offset: h.u64(8), Length: h.u64(16),
		RefGUID: h.u64(32), RefObject: h.u64(40), RefOffset: h.u64(48),
	}
	_, err := limit("copied block", ref.Length, maxBlock)
	_, err = h.checkRange(nil, ref.RefOffset, ref.Length, err)
	return h.checkRange(ref, ref.Offset, ref.Length, err)
}

func (h *header) spillData(c *codec) ([]byte, error) {
	if h.u64(32) == 0 {
		return h.payload, nil
	}
	return c.block(h.body[25], h.u64(8), h.payload)
}

// embedded unpacks a block that lay in its block pointer.
func (h *header) embedded(c *codec) ([]byte, error) {
	if etype := h.body[33]; etype != 0 {
		return nil, fmt.Errorf("embedded data of type %d is not known", etype)
	}
	length, lsize, psize := h.u64(16), uint64(h.u32(40)), h.u32(44)
	if lsize > length {
		return nil, fmt.Errorf("embedded data of %d bytes does not fit its block of %d", lsize, length)
	}
	data, err := c.block(h.body[32], lsize, h.payload[:psize])
	if err != nil {
		return nil, err
	}
	return append(data[:lsize:lsize], make([]byte, length-lsize)...), nil
}

func (h *header) object() (Record, error) {
	o := &Object{
		Number: h.u64(0), Type: h.u32(8), BonusType: h.u32(12), BlockSize: h.u32(16),
		Slots: max(h.body[26], 1), HasSpill: h.body[27]&4 != 0,
		Bonus: h.payload[:h.u32(20)],
	}
	if o.Number == 0 || o.Number >= maxObject {
		return nil, fmt.Errorf("object number %d is out of range", o.Number)
	}
	if o.Slots > maxSlots {
		return nil, fmt.Errorf("object %d has %d slots, more than the %d that the format allows", o.Number, o.Slots, maxSlots)
	}
	if o.BlockSize == 0 || o.BlockSize%512 != 0 || o.BlockSize > maxBlock {
		return nil, fmt.Errorf("object %d has an impossible block size of %d", o.Number, o.BlockSize)
	}
	return o, nil
}

func (h *header) parseBegin() (Record, error) {
	info := h.u64(8)
	b := &Begin{
		Compound: info&3 == compoundKind, Features: info >> 2 & (1<<56 - 1), Creation: h.u64(16),
		Kind: h.u32(24), Flags: h.u32(28), ToGUID: h.u64(32), FromGUID: h.u64(40),
	}
	name, _, _ := bytes.Cut(h.body[48:304], []byte{0})
	b.ToName = string(name)
	if len(h.payload) == 0 {
		return b, nil
	}
	var err error
	b.Nvlist, err = ParseNvlist(h.payload)
	return b, err
}

// checkBegin refuses what does not start a readable stream. It runs before
// the first checksum can be verified, on fields that only lead to refusals.
func (h *header) checkBegin() error {
	m := h.u64(0)
	switch {
	case m == magicSwapped:
		return fmt.Errorf("the stream was sent by a big-endian host, which is not supported")
	case h.kind != drrBegin || m != magic:
		return fmt.Errorf("not a ZFS send stream: it starts with %q", h.start())
	}
	if kind := h.u64(8) & 3; kind != 1 && kind != 2 {
		return fmt.Errorf("the stream is of kind %d, which is not known", kind)
	}
	return checkFeatures(h.u64(8) >> 2)
}

// start shows the first bytes of what should have been a stream.
func (h *header) start() []byte {
	p := binary.LittleEndian.AppendUint32(nil, h.kind)
	p = binary.LittleEndian.AppendUint32(p, h.begin)
	return append(p, h.body[:8]...)
}
