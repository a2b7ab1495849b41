package zstream

import (
	"errors"
	"fmt"
	"io"
)

// Check passes a stream on to w while it reads it as a receiver would, one
// record behind: w never gets a record that is refused, nor the END of a
// snapshot whose names are. Of a stream that is cut w gets all that came. What an incremental stream leaves unsaid of
// directories cannot be checked without its base.
func Check(w io.Writer, src io.Reader) error {
	held := &holdback{w: w, src: src}
	records := NewReader(held)
	for {
		rec, err := records.Next()
		if errors.Is(err, io.EOF) {
			_, err := io.Copy(w, src)
			return errors.Join(held.release(), err)
		}
		if err == nil {
			err = checkOne(records, rec)
		}
		if errors.Is(err, errCut) { // what came may be resumed, and has no END
			return errors.Join(err, held.release())
		}
		if err != nil {
			return err
		}
		if err := held.release(); err != nil {
			return err
		}
	}
}

// checkOne checks a snapshot's stream from its BEGIN on.
func checkOne(records *Reader, rec Record) error {
	begin, ok := rec.(*Begin)
	if !ok || begin.Compound {
		return nil
	}
	store := checkStore{NewMemTable(), map[uint64][]byte{}}
	r := NewReceiver(store)
	if begin.FromGUID != 0 || begin.Resuming() {
		return drain(records)
	}
	if err := r.Apply(records, begin); err != nil || begin.Kind != FilesystemSet {
		return err
	}
	return r.Walk(func(*Entry) error { return nil })
}

func drain(records *Reader) error {
	for {
		rec, err := records.Next()
		if err != nil {
			return err
		}
		if _, end := rec.(*End); end {
			return nil
		}
	}
}

// holdback is a source whose bytes are passed on behind what was checked. Of
// a snapshot it keeps the last record back until all was.
type holdback struct {
	w    io.Writer
	src  io.Reader
	kept []byte
}

// holdMargin is more than a reader is ahead of the END that it returns.
const holdMargin = maxInnerList + 4*headerSize

// Read passes on what was read before, but for so much that END is never
// among it before its snapshot was checked.
func (h *holdback) Read(p []byte) (int, error) {
	if extra := len(h.kept) - holdMargin; extra > holdMargin {
		if _, err := h.w.Write(h.kept[:extra]); err != nil {
			return 0, fmt.Errorf("pass stream on: %w", err)
		}
		h.kept = append(h.kept[:0], h.kept[extra:]...)
	}
	n, err := h.src.Read(p)
	h.kept = append(h.kept, p[:n]...)
	return n, err
}

func (h *holdback) release() error {
	_, err := h.w.Write(h.kept)
	h.kept = h.kept[:0]
	if err != nil {
		return fmt.Errorf("pass stream on: %w", err)
	}
	return nil
}

// checkStore keeps the content of what is no file: directories and tables.
type checkStore struct {
	*MemTable
	data map[uint64][]byte
}

// maxChecked bounds what is kept of one object.
const maxChecked = 64 << 20

func (c checkStore) keeps(object uint64, end int64) (bool, error) {
	d, err := c.Get(object)
	if err != nil || d == nil || d.Kind == TypeVolume {
		return false, err
	}
	if d.Kind == TypeFile {
		return end <= maxXattr, nil // it may be an attribute or a link
	}
	if end > maxChecked {
		return false, fmt.Errorf("object %d is no file but has %d bytes of content", object, end)
	}
	return true, nil
}

func (c checkStore) Create(object uint64) error { delete(c.data, object); return nil }

func (c checkStore) Remove(object uint64) error {
	c.Drop(object)
	delete(c.data, object)
	return nil
}

func (c checkStore) WriteAt(object uint64, p []byte, off int64) error {
	end := off + int64(len(p))
	keep, err := c.keeps(object, end)
	if err != nil || !keep {
		return err
	}
	have := c.data[object]
	if int64(len(have)) < end {
		have = append(have, make([]byte, end-int64(len(have)))...)
	}
	copy(have[off:], p)
	c.data[object] = have
	return nil
}

func (c checkStore) ReadAt(object uint64, p []byte, off int64) error {
	clear(p)
	if have := c.data[object]; off < int64(len(have)) {
		copy(p, have[off:])
	}
	return nil
}

func (c checkStore) Punch(object uint64, off, end, _ int64) error {
	have := c.data[object]
	clear(have[min(off, int64(len(have))):min(end, int64(len(have)))])
	return nil
}
