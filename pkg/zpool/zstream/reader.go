package zstream

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// Reader reads the records of a stream, plain or compound.
//
// It stays one record ahead of its caller: a record's payload is covered by
// the checksum in the header that follows, so only then may it be used.
type Reader struct {
	src    io.Reader
	offset int64
	codec  codec

	state    sum
	hasSums  bool // a record with a checksum was seen since BEGIN
	begin    *beginState
	compound bool // inside the streams of a compound one
	done     bool
	err      error // the final one

	object, at uint64 // where a stream would go on that is cut here

	ahead *header   // verified but for its payload
	raw   [2][]byte // headers in turn
	data  [2][]byte // payloads in turn
	turn  int
}

// beginState is what END is compared with.
type beginState struct {
	compound bool
	toGUID   uint64
}

// NewReader reads a stream from src, which needs no buffering of its own.
func NewReader(src io.Reader) *Reader { return &Reader{src: src} }

// Next returns the next record, whose checksum was verified, or io.EOF after
// a whole stream. Any other error is final.
func (r *Reader) Next() (Record, error) {
	if r.err != nil {
		return nil, r.err
	}
	rec, err := r.next()
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("zfs stream, near byte %d: %w", r.offset, err)
	}
	r.err = err
	return rec, err
}

// next reads one record ahead and hands out the one before it.
func (r *Reader) next() (Record, error) {
	if r.ahead == nil {
		if r.done {
			return nil, io.EOF
		}
		var err error
		if r.ahead, err = r.read(); err != nil {
			return nil, err
		}
	}
	current := r.ahead
	var err error
	if r.ahead = nil; !r.done {
		if r.ahead, err = r.read(); err != nil {
			return nil, err
		}
	}
	rec, err := current.record(&r.codec)
	r.note(rec)
	return rec, err
}

// At is where a stream goes on that ends behind the record that Next returned
// last: an object and an offset in its content.
func (r *Reader) At() (object, offset uint64) { return r.object, r.at }

func (r *Reader) note(rec Record) {
	switch rec := rec.(type) {
	case *Begin:
		r.object, r.at = 0, 0
	case *Object:
		r.object, r.at = rec.Number, 0
	case *Write:
		r.object, r.at = rec.Object, rec.Offset+uint64(len(rec.Data))
	}
}

// read takes in one record and verifies what its header covers.
func (r *Reader) read() (*header, error) {
	r.turn ^= 1
	raw, err := r.fill(&r.raw[r.turn], headerSize)
	if err != nil {
		return nil, err
	}
	h := parseHeader(raw)
	if err := r.verify(&h, raw); err != nil {
		return nil, err
	}
	size, err := h.payloadSize()
	if err != nil {
		return nil, err
	}
	if h.payload, err = r.fill(&r.data[r.turn], size); err != nil {
		return nil, err
	}
	if len(h.payload)%4 != 0 {
		return nil, fmt.Errorf("payload of %d bytes is not made of whole words", size)
	}
	r.state.add(h.payload)
	if h.kind == drrEnd {
		return &h, r.end()
	}
	return &h, nil
}

// fillStep bounds what is allocated before the bytes really came.
const fillStep = 1 << 20

// fill reads n bytes into buf, growing it as they arrive.
func (r *Reader) fill(buf *[]byte, n uint64) ([]byte, error) {
	b := (*buf)[:0]
	for uint64(len(b)) < n {
		have, step := len(b), int(min(n-uint64(len(b)), fillStep))
		b = slices.Grow(b, step)[:have+step]
		got, err := io.ReadFull(r.src, b[have:])
		r.offset += int64(got)
		if err != nil {
			return nil, r.cut(err)
		}
	}
	*buf = b
	return b, nil
}

var errCut = errors.New("the stream is incomplete: it ends before its END record")

// cut names the reason why bytes are missing.
func (r *Reader) cut(err error) error {
	switch {
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("read: %w", err)
	case r.offset == 0:
		return errors.New("the stream is empty")
	}
	return errCut
}

// verify checks a header in its place and adds it to the checksum.
func (r *Reader) verify(h *header, raw []byte) error {
	if r.begin == nil {
		return r.outside(h, raw)
	}
	if h.kind == drrBegin {
		return errors.New("BEGIN record before the END of the last")
	}
	before := r.state
	r.state.add(raw[:sumOffset])
	stated := parseSum(raw[sumOffset:])
	switch {
	case stated != sum{}:
		r.hasSums = true
		if stated != r.state {
			return errors.New("checksum mismatch: the stream is damaged")
		}
	case r.hasSums:
		return errors.New("checksum missing: the stream is damaged")
	}
	r.state.add(raw[sumOffset:])
	if h.kind != drrEnd {
		return nil
	}
	if parseSum(h.body) != before {
		return errors.New("checksum mismatch at END: the stream is damaged")
	}
	if guid := h.u64(32); !r.begin.compound && guid != r.begin.toGUID {
		return fmt.Errorf("END is of snapshot %d, BEGIN was of %d", guid, r.begin.toGUID)
	}
	return nil
}

// outside checks a record that stands between streams: BEGIN, or the END of
// a compound stream, which carries no checksum.
func (r *Reader) outside(h *header, raw []byte) error {
	if r.compound && h.kind == drrEnd {
		return nil
	}
	if err := h.checkBegin(); err != nil {
		return err
	}
	r.begin = &beginState{compound: h.u64(8)&3 == 2, toGUID: h.u64(32)}
	if r.begin.compound && r.compound {
		return errors.New("compound stream inside a compound stream")
	}
	r.state, r.hasSums = sum{}, false
	r.state.add(raw)
	return nil
}

// end closes what an END record closes.
func (r *Reader) end() error {
	if r.begin != nil {
		r.compound = r.compound || r.begin.compound
		r.begin = nil
		if r.compound {
			return nil
		}
	}
	r.done = true
	if n, err := io.ReadFull(r.src, make([]byte, 1)); n != 0 {
		return errors.New("data follows the end of the stream")
	} else if !errors.Is(err, io.EOF) {
		return fmt.Errorf("read: %w", err)
	}
	return nil
}
