package early

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// at makes a C string of the parts of a path.
func (w *world) at(parts ...string) *byte {
	w.used = 0
	for _, part := range parts {
		if len(part) >= len(w.path)-w.used {
			w.used = 0 // the empty path, which is nowhere
			break
		}
		w.used += copy(w.path[w.used:], part)
	}
	w.path[w.used] = 0
	return &w.path[0]
}

// none is a descriptor that is not there.
const none = ^uintptr(0)

// open opens a file to read; missing tells that there is none.
func (w *world) open(dir uintptr, path *byte, flags uintptr) (fd uintptr, missing, ok bool) {
	fd, errno := call(unix.SYS_OPENAT, dir, address(path), unix.O_RDONLY|unix.O_CLOEXEC|flags, 0, 0)
	if errno != 0 {
		return none, errno == unix.ENOENT, false
	}
	return fd, false, true
}

func closeFile(fd uintptr) { call(unix.SYS_CLOSE, fd, 0, 0, 0, 0) }

// read reads a regular file; what it returns is valid until the next call. A file
// that fills the memory does not fit.
func (w *world) read(dir uintptr, path *byte) (data string, missing, ok bool) {
	fd, missing, ok := w.open(dir, path, 0)
	if !ok {
		return "", missing, false
	}
	n, errno := call(unix.SYS_READ, fd, address(&w.file[0]), uintptr(len(w.file)), 0, 0)
	closeFile(fd)
	if errno != 0 || n >= uintptr(len(w.file)) {
		return "", false, false
	}
	return view(w.file[:n]), false, true
}

// The parts of struct linux_dirent64.
const (
	entryLength = 16
	entryName   = 19
)

// names calls each for the names in a directory until that returns false.
func (w *world) names(dir uintptr, each func(w *world, name string) bool) bool {
	for {
		n, errno := call(unix.SYS_GETDENTS64, dir, address(&w.entries[0]), uintptr(len(w.entries)), 0, 0)
		if errno != 0 || n > uintptr(len(w.entries)) {
			return false
		}
		if n == 0 {
			return true
		}
		for at := 0; at < int(n); {
			entry := w.entries[at:n]
			at += int(*(*uint16)(unsafe.Pointer(&entry[entryLength])))
			name := ofC(&entry[entryName])
			if name != "." && name != ".." && !each(w, name) {
				return false
			}
		}
	}
}

// isHeld asks for the lock that a zoneadmd holds; see package lock.
func (w *world) isHeld(dir uintptr, path *byte) (held, ok bool) {
	fd, missing, ok := w.open(dir, path, unix.O_NOFOLLOW)
	if !ok {
		return false, missing
	}
	w.lock = unix.Flock_t{Type: unix.F_RDLCK}
	_, errno := call(unix.SYS_FCNTL, fd, unix.F_OFD_GETLK, address(&w.lock), 0, 0)
	closeFile(fd)
	return w.lock.Type != unix.F_UNLCK, errno == 0
}
