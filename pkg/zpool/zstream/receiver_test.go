package zstream_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// memStore keeps objects in memory, for streams of a few kilobytes.
type memStore struct {
	*zstream.MemTable
	data map[uint64][]byte
}

func newMemStore() memStore { return memStore{zstream.NewMemTable(), map[uint64][]byte{}} }

func (m memStore) Create(object uint64) error { m.data[object] = nil; return nil }
func (m memStore) Remove(object uint64) error { m.Drop(object); delete(m.data, object); return nil }

func (m memStore) WriteAt(object uint64, p []byte, off int64) error {
	end := int(off) + len(p)
	if end > 1<<26 {
		return errors.New("no space left")
	}
	if end > len(m.data[object]) {
		m.data[object] = append(m.data[object], make([]byte, end-len(m.data[object]))...)
	}
	copy(m.data[object][off:], p)
	return nil
}

func (m memStore) ReadAt(object uint64, p []byte, off int64) error {
	clear(p)
	if off < int64(len(m.data[object])) {
		copy(p, m.data[object][off:])
	}
	return nil
}

func (m memStore) Punch(object uint64, off, end, _ int64) error {
	clear(m.data[object][min(int(off), len(m.data[object])):min(int(end), len(m.data[object]))])
	return nil
}

func TestReceiverRefusesAnIncrementalWithoutItsBase(t *testing.T) {
	for _, begin := range []*zstream.Begin{
		{Kind: zstream.FilesystemSet, ToGUID: 2, FromGUID: 1},
		{Kind: zstream.FilesystemSet, ToGUID: 2, Features: 1 << 20},
		{Kind: 7, ToGUID: 2},
		{Compound: true},
	} {
		r := zstream.NewReceiver(newMemStore())
		if err := r.Apply(zstream.NewReader(bytes.NewReader(nil)), begin); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%+v: %v", begin, err)
		}
	}
}

// A stream that was cut leaves nothing that can be walked.
func TestReceiverShowsNothingOfACutStream(t *testing.T) {
	whole := unzip(t, "testdata/crafted-none.zsend.gz")
	r := zstream.NewReceiver(newMemStore())
	if err := receive(r, bytes.NewReader(whole[:len(whole)-312])); err == nil {
		t.Fatal("took a cut stream")
	}
	if err := r.Walk(func(*zstream.Entry) error { return nil }); err == nil {
		t.Error("walked a cut stream")
	}
	if err := receive(r, bytes.NewReader(whole)); err == nil {
		t.Error("put a full stream over a part of one")
	}
}

// FuzzWalk changes any object's content and walks the tree.
func FuzzWalk(f *testing.F) {
	whole := unzip(f, "testdata/crafted-none.zsend.gz")
	for object := range uint64(40) {
		f.Add(object, uint16(64), []byte("\xff\xff\xff\xff"))
	}
	f.Fuzz(func(t *testing.T, object uint64, off uint16, change []byte) {
		store := newMemStore()
		r := zstream.NewReceiver(store)
		if err := receive(r, bytes.NewReader(whole)); err != nil {
			t.Fatal(err)
		}
		if len(store.data[object]) > int(off) {
			copy(store.data[object][off:], change)
		}
		r.Walk(func(*zstream.Entry) error { return nil })
	})
}
