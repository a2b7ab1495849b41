package ztree

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// file makes an object that is no directory what its attributes say: of the
// right type, length, owner, mode and time.
func (s *Sink) file(number uint64) error {
	n, err := s.load(number)
	if err != nil || n == nil {
		return err
	}
	e, err := s.recv.Stat(zstream.Name{Object: number})
	if err != nil {
		return s.unreadable(number, n, err)
	}
	if n, err = s.load(number); err != nil {
		return err
	}
	if e.Hidden {
		return s.hide(number, n)
	}
	fresh, err := s.shape(number, n, e)
	if err != nil || n.dropped {
		return err
	}
	fd, err := s.openAny(number, n)
	if err != nil {
		return err
	}
	if fd != s.body {
		defer unix.Close(fd)
	}
	if n.fmt == fmtRegular {
		if err := unix.Ftruncate(fd, e.Size); err != nil {
			return fmt.Errorf("object %d: set length: %w", number, err)
		}
	}
	return s.setAttributes(fd, e, fresh)
}

// unreadable is an object without readable attributes. Those that no
// directory names need none; any other is refused when it is named.
func (s *Sink) unreadable(number uint64, n *node, err error) error {
	if n.BonusType == 0 {
		if err := s.forget(number, n); err != nil {
			return err
		}
		return s.store(number, n)
	}
	return fmt.Errorf("object %d: %w", number, err)
}

// hide takes the file of an object that turned out to hold an attribute.
func (s *Sink) hide(number uint64, n *node) error {
	if n.isBody() {
		if err := s.keepContent(number, n); err != nil {
			return err
		}
	}
	s.closeBody()
	if err := s.forget(number, n); err != nil {
		return err
	}
	return s.store(number, n)
}

// openAny opens an object's inode; special files as a path only.
func (s *Sink) openAny(number uint64, n *node) (int, error) {
	if n.fmt == fmtRegular {
		if s.bodyOf == number {
			return s.body, nil
		}
		return s.open(n.inode, n.igen, unix.O_RDWR)
	}
	return s.open(n.inode, n.igen, unix.O_PATH)
}

// shape gives an object an inode of its type. It reports whether that has been
// made in this stream, and so has no attributes yet.
func (s *Sink) shape(number uint64, n *node, e *zstream.Entry) (fresh bool, err error) {
	keep := s.adapt(e)
	want := uint8(e.Mode & unix.S_IFMT >> 12)
	switch {
	case !keep:
		s.closeBody()
		err := s.forget(number, n)
		n.dropped = true
		return false, errors.Join(err, s.store(number, n))
	case n.inode != 0 && n.fmt == want && want == fmtRegular:
		return s.state.Fresh || n.staged, nil
	case n.inode != 0 && n.fmt == want && s.isSame(n, e):
		return n.staged, nil
	}
	if n.isBody() && want != fmtRegular {
		if err := s.keepContent(number, n); err != nil {
			return false, err
		}
	}
	s.closeBody()
	if err := s.forget(number, n); err != nil {
		return false, err
	}
	if want == fmtRegular {
		return true, s.reshapeToFile(number, n)
	}
	return true, s.makeSpecial(number, n, e)
}

// reshapeToFile makes a file of an object that was none and kept its content.
func (s *Sink) reshapeToFile(number uint64, n *node) error {
	old := n.content
	n.content = extent{}
	if err := s.startFile(number, n, true); err != nil {
		return err
	}
	buf := make([]byte, copyStep)
	for off := int64(0); off < min(old.size, n.End); off += copyStep {
		if err := s.readContent(&node{content: old}, buf, off); err != nil {
			return err
		}
		if err := pwrite(s.body, buf, off); err != nil {
			return err
		}
	}
	return errors.Join(s.Table.free(old), s.store(number, n))
}

// isSame reports whether a special file that is there is the one in e.
func (s *Sink) isSame(n *node, e *zstream.Entry) bool {
	fd, err := s.open(n.inode, n.igen, unix.O_PATH)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	switch e.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		buf := make([]byte, unix.PathMax)
		got, err := unix.Readlinkat(fd, "", buf)
		return err == nil && string(buf[:got]) == e.Target
	case unix.S_IFCHR, unix.S_IFBLK:
		var st unix.Stat_t
		err := unix.Fstat(fd, &st)
		return err == nil && st.Rdev == unix.Mkdev(e.Major, e.Minor)
	}
	return true
}

func (s *Sink) makeSpecial(number uint64, n *node, e *zstream.Entry) error {
	at, name := s.newPlace(number, n, true)
	var err error
	switch kind := e.Mode & unix.S_IFMT; kind {
	case unix.S_IFLNK:
		err = unix.Symlinkat(e.Target, at, name)
	case unix.S_IFCHR, unix.S_IFBLK:
		err = unix.Mknodat(at, name, kind|0o600, int(unix.Mkdev(e.Major, e.Minor)))
	case unix.S_IFIFO, unix.S_IFSOCK:
		err = unix.Mknodat(at, name, kind|0o600, 0)
	default:
		err = fmt.Errorf("files of mode %o are not known", e.Mode)
	}
	if err != nil {
		return fmt.Errorf("make object %d: %w", number, err)
	}
	fd, err := unix.Openat(at, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	n.fmt = uint8(e.Mode & unix.S_IFMT >> 12)
	if n.inode, n.igen, err = identify(fd); err != nil {
		return err
	}
	return s.store(number, n)
}

// directoryAttributes is the last thing that happens to a directory: what is
// made in it changes its time, and an access control list what is made.
func (s *Sink) directoryAttributes(number uint64) error {
	d, err := s.directory(number)
	if d == nil || err != nil {
		return err
	}
	e, err := s.recv.Stat(zstream.Name{Object: number, Type: fmtDir})
	if err != nil {
		return fmt.Errorf("object %d: %w", number, err)
	}
	s.adapt(e)
	if s.policy.Zone && number == s.root {
		e.Mode = unix.S_IFDIR | 0o700 // what is inside may be setuid: only root may come near it
	}
	fd, err := s.open(d.inode, d.igen, unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, unix.ESTALE) { // nobody named it
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return s.setAttributes(fd, e, false)
}

// setAttributes changes the owner first, since that takes setuid bits and
// capabilities away, and the times last.
func (s *Sink) setAttributes(fd int, e *zstream.Entry, fresh bool) error {
	at := procPath(fd)
	if !fresh || e.UID != 0 || e.GID != 0 {
		if err := unix.Fchownat(fd, "", int(e.UID), int(e.GID), unix.AT_EMPTY_PATH); err != nil {
			return fmt.Errorf("object %d: set owner: %w", e.Object, err)
		}
	}
	if err := s.setXattrs(at, e, fresh); err != nil {
		return err
	}
	if e.Mode&unix.S_IFMT != unix.S_IFLNK {
		if err := unix.Chmod(at, e.Mode&0o7777); err != nil {
			return fmt.Errorf("object %d: set mode: %w", e.Object, err)
		}
	}
	times := []unix.Timespec{unix.NsecToTimespec(0), unix.NsecToTimespec(0)}
	times[0].Sec, times[0].Nsec = e.AccessTime.Unix(), int64(e.AccessTime.Nanosecond())
	times[1].Sec, times[1].Nsec = e.ModTime.Unix(), int64(e.ModTime.Nanosecond())
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, at, times, 0); err != nil {
		return fmt.Errorf("object %d: set times: %w", e.Object, err)
	}
	return nil
}

// setXattrs makes an inode's extended attributes those of e.
func (s *Sink) setXattrs(at string, e *zstream.Entry, fresh bool) error {
	if !fresh {
		if err := dropXattrs(at, e); err != nil {
			return fmt.Errorf("object %d: %w", e.Object, err)
		}
	}
	for name, value := range e.Xattrs {
		err := unix.Setxattr(at, name, value, 0)
		switch {
		case err == nil:
		case errors.Is(err, unix.ENOSPC) && len(value) > maxXattr:
			s.notes.count("left out %d extended attributes longer than the 16 KiB that the pool can store")
		case errors.Is(err, unix.EPERM), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ERANGE):
			s.notes.drop(name)
		default:
			return fmt.Errorf("object %d: set attribute %q: %w", e.Object, name, err)
		}
	}
	return nil
}

// maxXattr is about the longest value that btrfs stores.
const maxXattr = 15 << 10

// dropXattrs removes the attributes that e does not have; those of btrfs
// itself are none of the stream's business.
func dropXattrs(at string, e *zstream.Entry) error {
	buf := make([]byte, 64<<10)
	n, err := unix.Listxattr(at, buf)
	if err != nil {
		return fmt.Errorf("list attributes: %w", err)
	}
	for name := range bytes.SplitSeq(bytes.TrimRight(buf[:n], "\x00"), []byte{0}) {
		name := string(name)
		if _, wanted := e.Xattrs[name]; wanted || name == "" || strings.HasPrefix(name, "btrfs.") {
			continue
		}
		if err := unix.Removexattr(at, name); err != nil {
			return fmt.Errorf("remove attribute %q: %w", name, err)
		}
	}
	return nil
}
