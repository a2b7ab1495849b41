package super

import (
	"errors"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/console"
	"github.com/smartbox-os/smartbox/pkg/zone/jail"
	"github.com/smartbox-os/smartbox/pkg/zone/keeper"
)

// doors are the descriptors that a zone's zoneadmd has over all boots, by the
// numbers that it has them at.
type doors map[int]*os.File

// inherited are those of a zoneadmd that was executed with them.
func inherited() doors {
	d := doors{}
	for _, fd := range []int{keeper.Lock, keeper.Claim, keeper.Orders, keeper.Console, keeper.Metadata, keeper.Term, keeper.Exe, keeper.Time} {
		d[fd] = os.NewFile(uintptr(fd), "door")
	}
	d[0], d[1], d[2] = os.Stdin, os.Stdout, os.Stderr
	return d
}

// openDoors opens those of a new one.
func (s *supervisor) openDoors(held *os.File) (err error) {
	d := doors{}
	s.doors = d
	open := func(at int, path string, flags int) {
		f, oerr := os.OpenFile(path, flags, 0)
		err = errors.Join(err, oerr)
		d[at] = f
	}
	keep := func(at int, f *os.File, ferr error) {
		err = errors.Join(err, ferr)
		d[at] = f
	}
	open(0, os.DevNull, os.O_RDONLY)
	log, lerr := s.zones.OpenLog(s.Zone)
	keep(1, log, lerr)
	keep(keeper.Lock, dup(held), nil)
	open(keeper.Exe, "/proc/self/exe", unix.O_PATH)
	open(keeper.Time, "/proc/self/ns/time", os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) { // Linux before 5.6
		err = nil
		open(keeper.Time, os.DevNull, os.O_RDONLY)
	}
	signals, serr := keeper.Signals()
	keep(keeper.Term, signals, serr)
	for at, name := range map[int]string{keeper.Orders: zone.CtlSocket, keeper.Console: console.Socket, keeper.Metadata: metadataSocket} {
		f, serr := host.ListenFile(s.dir, name, 0o600)
		keep(at, f, serr)
	}
	return err
}

func dup(f *os.File) *os.File {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	return os.NewFile(uintptr(fd), f.Name())
}

// files are the doors as a keeper gets them.
func (d doors) files() []jail.File {
	var list []jail.File
	for at, f := range d {
		list = append(list, jail.File{FD: int(f.Fd()), At: at})
	}
	return append(list, jail.File{FD: int(d[1].Fd()), At: 2})
}

// close closes what was opened.
func (d doors) close() {
	for _, f := range d {
		if f != nil {
			f.Close()
		}
	}
}

// listener serves a socket of the doors. The door itself stays open.
func (d doors) listener(at int) (*net.UnixListener, error) {
	l, err := net.FileListener(d[at])
	if err != nil {
		return nil, err
	}
	u := l.(*net.UnixListener)
	u.SetUnlinkOnClose(false)
	return u, nil
}
