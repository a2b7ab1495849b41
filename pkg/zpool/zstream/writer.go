package zstream

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Writer writes the records of a stream. After an error it writes nothing
// more and returns that error from Flush.
type Writer struct {
	out     *bufio.Writer
	state   sum
	guid    uint64 // of the snapshot that is being written
	counted int64
	dry     bool
	err     error
	head    [headerSize]byte
}

// writeBuffer holds a block and its header.
const writeBuffer = 256 << 10

// NewWriter returns a Writer to out.
func NewWriter(out io.Writer) *Writer {
	return &Writer{out: bufio.NewWriterSize(out, writeBuffer)}
}

// NewCounter returns a Writer that only counts.
func NewCounter() *Writer { return &Writer{out: bufio.NewWriterSize(io.Discard, 512), dry: true} }

// Counting reports whether nothing is written, so that content need not be
// read.
func (w *Writer) Counting() bool { return w.dry }

// Written is how many bytes the stream has so far.
func (w *Writer) Written() int64 { return w.counted }

// Flush hands over what is buffered.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}

// start clears the header for a record of some kind and returns its body.
func (w *Writer) start(kind uint32) []byte {
	clear(w.head[:])
	binary.LittleEndian.PutUint32(w.head[:], kind)
	return w.head[8:]
}

// emit writes the header and a payload, which is padded to whole words.
func (w *Writer) emit(payload []byte) {
	w.counted += headerSize + int64(roundUp8(uint64(len(payload))))
	if w.err != nil || w.dry {
		return
	}
	if binary.LittleEndian.Uint32(w.head[:]) == drrBegin { // its list is not padded
		w.state = sum{}
		w.state.add(w.head[:])
		w.state.add(payload)
		w.write(w.head[:])
		w.write(payload)
		return
	}
	w.state.add(w.head[:sumOffset])
	w.state.put(w.head[sumOffset:])
	w.state.add(w.head[sumOffset:])
	w.write(w.head[:])
	w.body(payload)
}

func (w *Writer) body(payload []byte) {
	whole := len(payload) &^ 7
	w.state.add(payload[:whole])
	w.write(payload[:whole])
	if rest := payload[whole:]; len(rest) > 0 {
		var tail [8]byte
		copy(tail[:], rest)
		w.state.add(tail[:])
		w.write(tail[:])
	}
}

func (w *Writer) write(p []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(p)
	}
}

func (s *sum) put(p []byte) {
	for i, word := range []uint64{s.a, s.b, s.c, s.d} {
		binary.LittleEndian.PutUint64(p[8*i:], word)
	}
}

// Begin starts a snapshot's stream, or that of several.
func (w *Writer) Begin(b *Begin) error {
	if len(b.ToName) > 255 {
		return fmt.Errorf("the name %q is too long for a stream", b.ToName)
	}
	var list []byte
	if b.Nvlist != nil {
		var err error
		if list, err = b.Nvlist.Pack(); err != nil {
			return err
		}
	}
	body := w.start(drrBegin)
	le := binary.LittleEndian
	le.PutUint32(w.head[4:], uint32(len(list)))
	kind := uint64(1)
	if b.Compound {
		kind = compoundKind
	}
	le.PutUint64(body, magic)
	le.PutUint64(body[8:], kind|b.Features<<2)
	le.PutUint64(body[16:], b.Creation)
	le.PutUint32(body[24:], b.Kind)
	le.PutUint32(body[28:], b.Flags)
	le.PutUint64(body[32:], b.ToGUID)
	le.PutUint64(body[40:], b.FromGUID)
	copy(body[48:], b.ToName)
	w.guid = b.ToGUID
	w.emit(list)
	return w.err
}

// Object describes an object.
func (w *Writer) Object(o *Object) {
	body := w.start(drrObject)
	le := binary.LittleEndian
	le.PutUint64(body, o.Number)
	le.PutUint32(body[8:], o.Type)
	le.PutUint32(body[12:], o.BonusType)
	le.PutUint32(body[16:], o.BlockSize)
	le.PutUint32(body[20:], uint32(len(o.Bonus)))
	body[26] = max(o.Slots, 1)
	if o.HasSpill {
		body[27] = objectSpill
	}
	le.PutUint64(body[32:], w.guid)
	w.emit(o.Bonus)
}

// objectSpill in an OBJECT's flags says that it has a spill block.
const objectSpill = 4

// FreeObjects deletes count objects from first on.
func (w *Writer) FreeObjects(first, count uint64) {
	body := w.start(drrFreeObjects)
	binary.LittleEndian.PutUint64(body, first)
	binary.LittleEndian.PutUint64(body[8:], count)
	binary.LittleEndian.PutUint64(body[16:], w.guid)
	w.emit(nil)
}

// Write puts a whole block into an object of some type.
func (w *Writer) Write(object uint64, kind uint32, off int64, block []byte) {
	body := w.start(drrWrite)
	le := binary.LittleEndian
	le.PutUint64(body, object)
	le.PutUint32(body[8:], kind)
	le.PutUint64(body[16:], uint64(off))
	le.PutUint64(body[24:], uint64(len(block)))
	le.PutUint64(body[32:], w.guid)
	w.emit(block)
}

// Free makes a hole from off on, of length bytes; below 0 to the end.
func (w *Writer) Free(object uint64, off, length int64) {
	body := w.start(drrFree)
	le := binary.LittleEndian
	le.PutUint64(body, object)
	le.PutUint64(body[8:], uint64(off))
	le.PutUint64(body[16:], uint64(length))
	if length < 0 {
		le.PutUint64(body[16:], math.MaxUint64)
	}
	le.PutUint64(body[24:], w.guid)
	w.emit(nil)
}

// Spill gives an object its spill block.
func (w *Writer) Spill(object uint64, block []byte) {
	body := w.start(drrSpill)
	le := binary.LittleEndian
	le.PutUint64(body, object)
	le.PutUint64(body[8:], uint64(len(block)))
	le.PutUint64(body[16:], w.guid)
	le.PutUint32(body[84:], typeSAFirst)
	w.emit(block)
}

// End closes what Begin started.
func (w *Writer) End() {
	body := w.start(drrEnd)
	w.state.put(body)
	binary.LittleEndian.PutUint64(body[32:], w.guid)
	w.emit(nil)
}

// EndAll closes a compound stream.
func (w *Writer) EndAll() {
	w.start(drrEnd)
	w.counted += headerSize
	if w.dry {
		return
	}
	w.write(w.head[:])
}
