package ztree

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// isBody reports whether an object's content is that of a file.
func (n *node) isBody() bool {
	return n.inode != 0 && n.fmt == fmtRegular
}

// openBody opens the file of the object in hand.
func (s *Sink) openBody(number uint64, n *node) (int, error) {
	if s.bodyOf == number {
		return s.body, nil
	}
	s.closeBody()
	fd, err := s.open(n.inode, n.igen, unix.O_RDWR)
	if err == nil {
		s.body, s.bodyOf = fd, number
	}
	return fd, err
}

// WriteAt puts p at off. What lies beyond a file's size is cut off: blocks are
// sent whole.
func (s *Sink) WriteAt(number uint64, p []byte, off int64) error {
	if err := s.enter(number); err != nil {
		return err
	}
	n, err := s.load(number)
	if err != nil {
		return err
	}
	if !n.isBody() {
		return s.writeContent(number, n, p, off)
	}
	if n.size >= 0 && n.Kind == zstream.TypeFile {
		p = p[:max(0, min(int64(len(p)), n.size-off))]
	}
	fd, err := s.openBody(number, n)
	if err != nil {
		return err
	}
	return pwrite(fd, p, off)
}

func pwrite(fd int, p []byte, off int64) error {
	for len(p) > 0 {
		n, err := unix.Pwrite(fd, p, off)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// ReadAt fills p, with zeros where nothing was written.
func (s *Sink) ReadAt(number uint64, p []byte, off int64) error {
	n, err := s.load(number)
	if err != nil || n == nil {
		return err
	}
	if !n.isBody() {
		return s.readContent(n, p, off)
	}
	fd := s.body
	if number != s.bodyOf {
		if fd, err = s.open(n.inode, n.igen, unix.O_RDONLY); err != nil {
			return err
		}
		defer unix.Close(fd)
	}
	return pread(fd, p, off)
}

func pread(fd int, p []byte, off int64) error {
	for len(p) > 0 {
		n, err := unix.Pread(fd, p, off)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if n == 0 {
			clear(p)
			return nil
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// Punch makes a hole.
func (s *Sink) Punch(number uint64, off, end, size int64) error {
	if err := s.enter(number); err != nil {
		return err
	}
	n, err := s.load(number)
	if err != nil {
		return err
	}
	if !n.isBody() {
		return s.clearContent(n, off, end)
	}
	fd, err := s.openBody(number, n)
	if err != nil {
		return err
	}
	if end > size && size <= off { // all that is behind goes
		return unix.Ftruncate(fd, off)
	}
	if err := unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, end-off); err != nil {
		return fmt.Errorf("make a hole: %w", err)
	}
	return nil
}

// clearContent makes zeros of a part of what is no file.
func (s *Sink) clearContent(n *node, off, end int64) error {
	end = min(end, n.content.size)
	if off >= end {
		return nil
	}
	return s.Table.free(extent{n.content.off + off, end - off})
}

// startVolume gives a volume's object an empty file, which is not copied on
// each write, as disks want it.
func (s *Sink) startVolume(number uint64, n *node) error {
	if n.inode != 0 {
		fd, err := s.open(n.inode, n.igen, unix.O_RDWR)
		if err != nil {
			return err
		}
		s.body, s.bodyOf = fd, number
		return unix.Ftruncate(fd, 0)
	}
	fd, err := unix.Openat(int(s.dir.Fd()), VolumeName, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("make volume: %w", err)
	}
	s.body, s.bodyOf = fd, number
	if err := unix.Ftruncate(fd, 0); err != nil {
		return err
	}
	const noCopyOnWrite = 0x800000
	if err := unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, noCopyOnWrite); err != nil {
		return fmt.Errorf("make volume: %w", err)
	}
	n.fmt = fmtRegular
	n.inode, n.igen, err = identify(fd)
	return err
}

// finishVolume gives the volume its size.
func (s *Sink) finishVolume() error {
	size, err := s.recv.VolumeSize()
	if err != nil {
		return err
	}
	n, err := s.load(volumeObject)
	if err != nil {
		return err
	}
	if n == nil || n.inode == 0 {
		return errors.New("the volume has no content")
	}
	fd, err := s.open(n.inode, n.igen, unix.O_RDWR)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Ftruncate(fd, size)
}

const volumeObject = 1

// copyStep is how much is copied at once.
const copyStep = 128 << 10

// keepContent moves what came as a file to where content of other things is:
// it has turned out to be no file.
func (s *Sink) keepContent(number uint64, n *node) error {
	fd, err := s.open(n.inode, n.igen, unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	buf := make([]byte, copyStep)
	for off := int64(0); ; {
		got, err := unix.Pread(fd, buf, off)
		if err != nil {
			return err
		}
		if got == 0 {
			return nil
		}
		if err := s.writeContent(number, n, buf[:got], off); err != nil {
			return err
		}
		off += int64(got)
	}
}
