package zstream_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
	"golang.org/x/sys/unix"
)

// dirStore keeps objects as files of a folder, as a real receiver would.
type dirStore struct {
	*zstream.MemTable
	dir  string
	file *os.File // the object that was used last
}

func newDirStore(t testing.TB) *dirStore {
	s := &dirStore{MemTable: zstream.NewMemTable(), dir: t.TempDir()}
	t.Cleanup(func() { s.file.Close() })
	return s
}

func (s *dirStore) path(object uint64) string {
	return filepath.Join(s.dir, strconv.FormatUint(object, 10))
}

func (s *dirStore) open(object uint64) (*os.File, error) {
	if s.file != nil && s.file.Name() == s.path(object) {
		return s.file, nil
	}
	s.file.Close()
	var err error
	s.file, err = os.OpenFile(s.path(object), os.O_RDWR, 0)
	return s.file, err
}

func (s *dirStore) Create(object uint64) error {
	s.file.Close()
	os.Remove(s.path(object))
	var err error
	s.file, err = os.OpenFile(s.path(object), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return err
}

func (s *dirStore) WriteAt(object uint64, p []byte, off int64) error {
	f, err := s.open(object)
	if err == nil {
		_, err = f.WriteAt(p, off)
	}
	return err
}

func (s *dirStore) ReadAt(object uint64, p []byte, off int64) error {
	f, err := s.open(object)
	if err != nil {
		return err
	}
	n, err := f.ReadAt(p, off)
	clear(p[n:])
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (s *dirStore) Punch(object uint64, off, end, _ int64) error {
	f, err := s.open(object)
	if err != nil {
		return err
	}
	return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, end-off)
}

func (s *dirStore) Remove(object uint64) error {
	s.Drop(object)
	return os.Remove(s.path(object))
}

// content is an object cut, or extended by a hole, to its size.
func (s *dirStore) content(e *zstream.Entry) (io.Reader, error) {
	f, err := s.open(e.Object)
	if err != nil {
		return nil, err
	}
	return &sizedReader{io.NewSectionReader(f, 0, e.Size), e.Size}, nil
}

// sizedReader reads zeros where a file ends before its size.
type sizedReader struct {
	r    io.Reader
	left int64
}

func (s *sizedReader) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.left)]
	n, err := s.r.Read(p)
	if errors.Is(err, io.EOF) {
		clear(p[n:])
		n, err = len(p), nil
	}
	s.left -= int64(n)
	return n, err
}
