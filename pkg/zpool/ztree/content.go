package ztree

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// maxContent bounds what is no file: no directory or attribute is that large.
const maxContent = 4 << 30

// contentStep is what the room of an object grows by at least.
const contentStep = 512

// writeContent puts p at off of an object's content.
func (t *Table) writeContent(number uint64, n *node, p []byte, off int64) error {
	if err := t.grow(number, &n.content, off+int64(len(p))); err != nil {
		return err
	}
	_, err := t.content.WriteAt(p, n.content.off+off)
	return errors.Join(err, t.store(number, n))
}

// grow makes room for size bytes, moving what is there when it has to.
func (t *Table) grow(number uint64, e *extent, size int64) error {
	switch {
	case size <= e.size:
		return nil
	case size > maxContent:
		return fmt.Errorf("object %d is no file, but has %d bytes of content: at most %d are taken", number, size, int64(maxContent))
	}
	old := *e
	if old.size > 0 {
		size = max(size, 2*old.size)
	}
	size = (size + contentStep - 1) &^ (contentStep - 1)
	if old.size > 0 && old.off+old.size == t.end { // the last one grows where it is
		t.end += size - old.size
		e.size = size
		return nil
	}
	*e = extent{t.end, size}
	t.end += size
	if old.size == 0 {
		return nil
	}
	if _, err := io.Copy(io.NewOffsetWriter(t.content, e.off), io.NewSectionReader(t.content, old.off, old.size)); err != nil {
		return fmt.Errorf("keep object %d: %w", number, err)
	}
	return t.free(old)
}

// readContent fills p, with zeros where nothing was written.
func (t *Table) readContent(n *node, p []byte, off int64) error {
	clear(p)
	have := min(int64(len(p)), n.content.size-off)
	if have <= 0 {
		return nil
	}
	_, err := t.content.ReadAt(p[:have], n.content.off+off)
	if errors.Is(err, io.EOF) {
		return nil // room at the end that was never written
	}
	return err
}

// free gives room back to the file system; zeros stay.
func (t *Table) free(e extent) error {
	if e.size == 0 {
		return nil
	}
	if err := unix.Fallocate(int(t.content.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, e.off, e.size); err != nil {
		return fmt.Errorf("free a part of the table of objects: %w", err)
	}
	return nil
}

// SetSpill keeps a spill block, or drops it.
func (t *Table) SetSpill(number uint64, p []byte) error {
	n, err := t.load(number)
	if n == nil || err != nil {
		return err
	}
	if err := t.free(n.spill); err != nil {
		return err
	}
	n.spill = extent{}
	if len(p) > 0 {
		n.spill = extent{t.end, int64(len(p))}
		t.end += n.spill.size
		if _, err := t.content.WriteAt(p, n.spill.off); err != nil {
			return fmt.Errorf("keep spill block of object %d: %w", number, err)
		}
	}
	return t.store(number, n)
}

// Spill returns a spill block.
func (t *Table) Spill(number uint64) ([]byte, error) {
	n, err := t.load(number)
	if n == nil || err != nil {
		return nil, err
	}
	p := make([]byte, n.spill.size)
	_, err = t.content.ReadAt(p, n.spill.off)
	return p, err
}
