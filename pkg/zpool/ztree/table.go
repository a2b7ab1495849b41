package ztree

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// Names of the two files of a table, in a directory of its own.
const (
	slotsName   = "objects"
	contentName = "content"
)

// Table keeps the objects of one dataset in two files: a slot for each number,
// and the content of those that are no files. Only the object in hand is in
// memory.
type Table struct {
	slots, content *os.File

	last uint64 // no object is beyond
	end  int64  // of the content file

	number uint64 // the object in hand
	node   *node
	dirty  bool
}

// OpenTable opens the table in dir, making it when it is not there.
func OpenTable(dir *os.File) (*Table, error) {
	t := new(Table)
	var err error
	if t.slots, err = openIn(dir, slotsName); err == nil {
		t.content, err = openIn(dir, contentName)
	}
	if err == nil {
		err = t.measure()
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func openIn(dir *os.File, name string) (*os.File, error) {
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: dir.Name() + "/" + name, Err: err}
	}
	return os.NewFile(uintptr(fd), dir.Name()+"/"+name), nil
}

func (t *Table) measure() error {
	slots, err := t.slots.Stat()
	if err != nil {
		return err
	}
	content, err := t.content.Stat()
	if err != nil {
		return err
	}
	t.last = uint64(slots.Size()) / slotSize
	t.end = content.Size()
	return nil
}

// CopyTo makes the table's files in dir share all that they hold.
func (t *Table) CopyTo(dir *os.File) error {
	if err := t.settle(); err != nil {
		return err
	}
	for name, from := range map[string]*os.File{slotsName: t.slots, contentName: t.content} {
		to, err := openIn(dir, name)
		if err != nil {
			return err
		}
		err = unix.IoctlFileClone(int(to.Fd()), int(from.Fd()))
		if err := errors.Join(err, to.Close()); err != nil {
			return fmt.Errorf("copy table of objects: %w", err)
		}
	}
	return nil
}

// Close writes what is in hand and closes the files.
func (t *Table) Close() error {
	var errs []error
	if t.slots != nil {
		if t.content != nil {
			errs = append(errs, t.settle(), t.content.Close())
		}
		errs = append(errs, t.slots.Close())
	}
	t.slots, t.content = nil, nil
	return errors.Join(errs...)
}

// Release closes a table that was only read.
func (t *Table) Release() {
	t.dirty = false
	t.slots.Close()
	t.content.Close()
}

// Sync makes what was written last.
func (t *Table) Sync() error { return errors.Join(t.settle(), t.slots.Sync(), t.content.Sync()) }

// settle writes what is in hand. The content file is made as long as the room
// that was given away in it, since that is where the next room begins.
func (t *Table) settle() error {
	if err := t.flush(); err != nil {
		return err
	}
	return t.content.Truncate(t.end)
}

func (t *Table) flush() error {
	if !t.dirty {
		return nil
	}
	t.dirty = false
	if _, err := t.slots.WriteAt(t.node.encode(), int64(t.number)*slotSize); err != nil {
		return fmt.Errorf("keep object %d: %w", t.number, err)
	}
	return nil
}

// load takes an object in hand; nil when there is none of that number.
func (t *Table) load(number uint64) (*node, error) {
	if number == t.number && t.node != nil {
		return t.node, nil
	}
	if number > t.last {
		return nil, nil
	}
	if err := t.flush(); err != nil {
		return nil, err
	}
	n, err := t.read(number)
	if n != nil {
		t.number, t.node = number, n
	}
	return n, err
}

func (t *Table) read(number uint64) (*node, error) {
	buf := make([]byte, slotSize)
	got, err := t.slots.ReadAt(buf, int64(number)*slotSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	n, more, err := decodeNode(buf[:got])
	if err != nil || more == 0 {
		return n, err
	}
	have := len(n.Bonus)
	n.Bonus = n.Bonus[:have+more]
	if _, err := t.slots.ReadAt(n.Bonus[have:], int64(number)*slotSize+slotSize); err != nil {
		return nil, fmt.Errorf("%w: object %d: %w", errTable, number, err)
	}
	return n, nil
}

// store takes an object in hand, to be written.
func (t *Table) store(number uint64, n *node) error {
	if number != t.number || n != t.node {
		if number != t.number {
			if err := t.flush(); err != nil {
				return err
			}
		}
		t.number, t.node = number, n
	}
	t.dirty = true
	t.last = max(t.last, number)
	return nil
}

// Get describes an object.
func (t *Table) Get(number uint64) (*zstream.Dnode, error) {
	n, err := t.load(number)
	if n == nil || err != nil {
		return nil, err
	}
	return &n.Dnode, nil
}

// Put takes in a description, and keeps where the object went.
func (t *Table) Put(number uint64, d *zstream.Dnode) error {
	n, err := t.load(number)
	if err != nil {
		return err
	}
	if n == nil {
		n = new(node)
	}
	n.Dnode = *d
	return t.store(number, n)
}

// drop frees an object's slot and content.
func (t *Table) drop(number uint64, n *node) error {
	if number == t.number {
		t.node, t.dirty = nil, false
	}
	if err := errors.Join(t.free(n.content), t.free(n.spill)); err != nil {
		return err
	}
	if _, err := t.slots.WriteAt(make([]byte, nodeHead), int64(number)*slotSize); err != nil {
		return fmt.Errorf("drop object %d: %w", number, err)
	}
	return nil
}

// Next is the first object from one on, 0 when there is none.
func (t *Table) Next(from uint64) (uint64, error) {
	if from > t.last {
		return 0, nil
	}
	if err := t.flush(); err != nil {
		return 0, err
	}
	const chunk = 128 * slotSize
	buf := make([]byte, chunk)
	for at := int64(from) * slotSize; uint64(at) <= t.last*slotSize; at += chunk {
		data, err := t.slots.Seek(at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		at = max(at, data&^(slotSize-1))
		n, err := t.slots.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for i := 0; i < n; i += slotSize {
			if buf[i] == nodeMark {
				return uint64(at+int64(i)) / slotSize, nil
			}
		}
	}
	return 0, nil
}
