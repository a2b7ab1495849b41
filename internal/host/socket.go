package host

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ListenUnix listens on a socket in dir, however long dir's name is: the kernel
// takes 107 bytes, so the socket is reached over the directory's descriptor. A
// socket of that name is replaced; it is nobody's who holds the caller's lock.
func ListenUnix(dir, name string, perm os.FileMode) (*net.UnixListener, error) {
	path := filepath.Join(dir, name)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var l *net.UnixListener
	err := over(dir, func(short string) (err error) {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(short, name)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false) // its short name means nothing by then
	if err := os.Chmod(path, perm); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// ListenFile is ListenUnix for a socket that another process is going to serve.
func ListenFile(dir, name string, perm os.FileMode) (*os.File, error) {
	path := filepath.Join(dir, name)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	err = over(dir, func(short string) error {
		return unix.Bind(fd, &unix.SockaddrUnix{Name: filepath.Join(short, name)})
	})
	// Nobody connects before it listens, so its mode is never too wide.
	if err == nil {
		err = os.Chmod(path, perm)
	}
	if err == nil {
		err = unix.Listen(fd, unix.SOMAXCONN)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// DialUnix connects to a socket in dir.
func DialUnix(dir, name string) (*net.UnixConn, error) {
	var c *net.UnixConn
	err := over(dir, func(short string) (err error) {
		c, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: filepath.Join(short, name)})
		return err
	})
	return c, err
}

func over(dir string, do func(short string) error) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return do(fmt.Sprintf("/proc/self/fd/%d", d.Fd()))
}

// PeerPid is the process at the other end of a socket, 0 when the kernel does
// not say; Peer also tells its user.
func PeerPid(c *net.UnixConn) int {
	cred, err := Peer(c)
	if err != nil {
		return 0
	}
	return int(cred.Pid)
}

// Peer is who connected to a socket.
func Peer(c *net.UnixConn) (*unix.Ucred, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var cred *unix.Ucred
	var cerr error
	err = raw.Control(func(fd uintptr) {
		cred, cerr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	return cred, errors.Join(err, cerr)
}
