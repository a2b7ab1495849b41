package early

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// world is all the memory there is.
type world struct {
	action action
	tool   string
	words  [64]string
	first  int // of the words after the tool's name
	count  int
	root   string // SMARTBOX_ROOT

	out  buffer
	path [4096]byte // a C string for the kernel
	used int        // of path

	file    [256 << 10]byte // the file that is being read
	entries [64 << 10]byte  // of a directory
	poll    unix.PollFd
	lock    unix.Flock_t
	list    list
}

// action is the kernel's struct sigaction.
type action struct{ handler, flags, restorer, _ uintptr }

// here is the memory of this process.
var here world

// arguments are those of the program, its name first.
func arguments(start *uintptr) []*byte {
	return unsafe.Slice((**byte)(unsafe.Add(unsafe.Pointer(start), 8)), int(*start))
}

// understand takes apart what execve(2) left on the stack: the count of
// arguments, the arguments, nil, the environment, nil.
func (w *world) understand(start *uintptr) bool {
	argv := arguments(start)
	argc := len(argv)
	if argc < 1 || argc > len(w.words) {
		return false
	}
	w.tool = base(ofC(argv[0]))
	for _, word := range argv[1:] {
		w.words[w.count] = ofC(word)
		w.count++
	}
	env := unsafe.Add(unsafe.Pointer(start), 8*(argc+2))
	for v := *(**byte)(env); v != nil; v = *(**byte)(env) {
		if text := ofC(v); has(text, "SMARTBOX_ROOT=") && w.root == "" {
			w.root = text[len("SMARTBOX_ROOT="):]
		}
		env = unsafe.Add(env, 8)
	}
	if w.tool == "smartbox" && w.count > 0 {
		w.tool = w.words[0]
		w.first = 1
	}
	return w.known()
}

// known reports whether the tool is one of ours at all, so that for others no
// time is lost, and the surroundings are usual.
func (w *world) known() bool {
	switch w.tool {
	case "--version", "version", "vmadm", "zoneadm", "zonename":
	default:
		return false
	}
	// Other roots than plain absolute paths are tidied up by the ordinary way.
	if w.root != "" && (w.root[0] != '/' || !isCleanPath(w.root)) {
		return false
	}
	for fd := range uintptr(3) { // the Go runtime opens those that are not there
		if _, errno := call(unix.SYS_FCNTL, fd, unix.F_GETFD, 0, 0, 0); errno != 0 {
			return false
		}
	}
	return true
}

// run carries out what is asked and ends the process, or returns.
func (w *world) run() {
	done := false
	args := w.words[w.first:w.count]
	switch w.tool {
	case "--version", "version":
		done = w.version(args)
	case "zonename":
		done = w.zonename(args)
	case "vmadm":
		done = w.vmadm(args)
	case "zoneadm":
		done = w.zoneadm(args)
	}
	if done && w.out.flush() {
		exit(0)
	}
}

// call makes a system call.
func call(nr, a, b, c, d, e uintptr) (uintptr, syscall.Errno) {
	for {
		r, _, errno := syscall.RawSyscall6(nr, a, b, c, d, e, 0)
		if errno != unix.EINTR || nr == unix.SYS_CLOSE {
			return r, errno
		}
	}
}

func exit(code uintptr) {
	for {
		call(unix.SYS_EXIT_GROUP, code, 0, 0, 0, 0)
	}
}

// address is for system calls. What it points to lies in the one variable, which
// stays where it is.
func address[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

// atCWD is AT_FDCWD; the paths used with it are absolute.
const atCWD = ^uintptr(99)
