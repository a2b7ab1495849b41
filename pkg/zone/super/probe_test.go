package super_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// errSuccess is what an attempt returns that should have failed.
var errSuccess = errors.New("SUCCEEDED")

// attempts are what root of a zone must not be able to do. They run inside.
func attempts() map[string]func() error {
	list := map[string]func() error{
		"overwrite the binary by its path":    opens("/native/smartbox", unix.O_WRONLY),
		"overwrite the binary by /proc":       opens("/proc/self/exe", unix.O_WRONLY),
		"write the host's programs":           opens("/usr/bin/env", unix.O_WRONLY),
		"make a file in the host's /usr":      opens("/usr/probe", unix.O_WRONLY|unix.O_CREAT),
		"make a file in /native":              opens("/native/probe", unix.O_WRONLY|unix.O_CREAT),
		"make /usr writable":                  remounts("/usr"),
		"make /native writable":               remounts("/native"),
		"make /sys writable":                  remounts("/sys"),
		"make /proc/bus writable":             remounts("/proc/bus"),
		"uncover /usr":                        unmounts("/usr"),
		"uncover /proc/timer_list":            unmounts("/proc/timer_list"),
		"uncover /sys/firmware":               unmounts("/sys/firmware"),
		"uncover /dev":                        unmounts("/dev"),
		"mount a fresh /proc":                 mounts("proc"),
		"mount a disk":                        func() error { return unix.Mount("/dev/vda", "/tmp", "ext4", 0, "") },
		"write core_pattern":                  writes("/proc/sys/kernel/core_pattern", "|/tmp/x"),
		"write panic":                         writes("/proc/sys/kernel/panic", "1"),
		"write drop_caches":                   writes("/proc/sys/vm/drop_caches", "1"),
		"write modprobe":                      writes("/proc/sys/kernel/modprobe", "/tmp/x"),
		"write threads-max":                   writes("/proc/sys/kernel/threads-max", "400"),
		"write uevent_helper":                 writes("/sys/kernel/uevent_helper", "/tmp/x"),
		"read kernel messages":                func() error { _, err := unix.Klogctl(3, make([]byte, 64)); return err },
		"read kcore":                          reads("/proc/kcore"),
		"read /dev/kmsg":                      reads("/dev/kmsg"),
		"make a block device":                 func() error { return unix.Mknod("/tmp/b", unix.S_IFBLK|0o600, int(unix.Mkdev(8, 0))) },
		"make a character device":             func() error { return unix.Mknod("/tmp/c", unix.S_IFCHR|0o600, int(unix.Mkdev(1, 1))) },
		"use a device of the image":           opens("/imagenull", unix.O_RDONLY),
		"set the clock":                       func() error { return unix.ClockSettime(unix.CLOCK_REALTIME, &unix.Timespec{Sec: time.Now().Unix()}) },
		"set the time of day":                 func() error { return unix.Settimeofday(&unix.Timeval{Sec: time.Now().Unix()}) },
		"adjust the clock":                    func() error { _, err := unix.Adjtimex(&unix.Timex{Modes: unix.ADJ_TICK, Tick: 10000}); return err },
		"load a BPF program":                  calls(unix.SYS_BPF),
		"open performance events":             calls(unix.SYS_PERF_EVENT_OPEN),
		"load a module":                       calls(unix.SYS_INIT_MODULE),
		"load a module from a file":           calls(unix.SYS_FINIT_MODULE),
		"load a kernel":                       calls(unix.SYS_KEXEC_LOAD),
		"use key rings":                       calls(unix.SYS_KEYCTL),
		"use userfaultfd":                     calls(unix.SYS_USERFAULTFD),
		"use io_uring":                        calls(unix.SYS_IO_URING_SETUP),
		"open by handle":                      calls(unix.SYS_OPEN_BY_HANDLE_AT),
		"swap on a file":                      calls(unix.SYS_SWAPON),
		"use vsock":                           func() error { _, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0); return err },
		"become a user beyond the range":      func() error { return unix.Setresuid(-1, 70000, -1) },
		"raise a resource limit":              func() error { return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1 << 30, Max: 1 << 30}) },
		"raise the limit of processes":        cgroupWrite("pids", "pids.max", "max"),
		"raise the limit of memory":           cgroupWrite("memory", "memory.limit_in_bytes", "-1"),
		"make a control group of memory":      cgroupMkdir("memory"),
		"allow devices":                       cgroupWrite("devices", "devices.allow", "a"),
		"set a release agent":                 cgroupWrite("memory", "release_agent", "/tmp/x"),
		"leave the control groups":            leaves,
		"see processes of the host":           foreignProcesses,
		"signal a process of the host":        func() error { return unix.Kill(supervisorPid(), 0) },
		"see links of the host":               foreignLinks,
		"see a descriptor or directory of it": foreignFiles,
		"reach the host's abstract sockets":   abstractSocket,
		"have privileges dropped by the host": capability(unix.CAP_SYS_MODULE),
		"gain by a nested user namespace":     nested,
	}
	return list
}

// probe runs all attempts and prints how each ended.
func probe() int {
	for name, try := range attempts() {
		err := try()
		if err == nil {
			err = errSuccess
		}
		fmt.Printf("%s: %v\n", name, err)
	}
	return 0
}

func opens(path string, flags int) func() error {
	return func() error {
		fd, err := unix.Open(path, flags, 0o600)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
}

func reads(path string) func() error {
	return func() error {
		data, err := os.ReadFile(path)
		if err == nil && len(data) == 0 {
			return errors.New("empty")
		}
		return err
	}
}

func writes(path, text string) func() error {
	return func() error { return os.WriteFile(path, []byte(text), 0) }
}

func remounts(path string) func() error {
	return func() error { return unix.Mount("", path, "", unix.MS_REMOUNT|unix.MS_BIND, "") }
}

func unmounts(path string) func() error {
	return func() error { return unix.Unmount(path, unix.MNT_DETACH) }
}

func mounts(kind string) func() error {
	return func() error {
		os.Mkdir("/tmp/m", 0o755)
		return unix.Mount(kind, "/tmp/m", kind, 0, "")
	}
}

func calls(nr uintptr) func() error {
	return func() error {
		// A filter answers before the kernel looks at bad arguments.
		_, _, errno := unix.Syscall6(nr, 0, 0, 0, 0, 0, 0)
		if errno == unix.EPERM || errno == unix.ENOSYS {
			return errno
		}
		return fmt.Errorf("%w (errno %d)", errSuccess, errno)
	}
}

// hierarchy mounts a v1 hierarchy; hosts without it have nothing to attack.
func hierarchy(name string) (string, error) {
	dir := "/tmp/cg-" + name
	os.Mkdir(dir, 0o755)
	err := unix.Mount("cgroup", dir, "cgroup", 0, name)
	if errors.Is(err, unix.EBUSY) {
		err = nil
	}
	return dir, err
}

func cgroupWrite(name, file, text string) func() error {
	return func() error {
		dir, err := hierarchy(name)
		if err != nil {
			return err
		}
		defer unix.Unmount(dir, 0)
		return os.WriteFile(filepath.Join(dir, file), []byte(text), 0)
	}
}

func cgroupMkdir(name string) func() error {
	return func() error {
		dir, err := hierarchy(name)
		if err != nil {
			return err
		}
		defer unix.Unmount(dir, 0)
		return os.Mkdir(filepath.Join(dir, "mine"), 0o755)
	}
}

// leaves tells whether the zone sees groups above its own.
func leaves() error {
	data, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		if path := strings.TrimSpace(line[strings.LastIndexByte(line, ':')+1:]); path != "/" {
			return fmt.Errorf("%w: %s", errSuccess, line)
		}
	}
	return errors.New("all are roots")
}

func supervisorPid() int {
	data, _ := os.ReadFile("/supervisor")
	pid, _ := strconv.Atoi(strings.TrimSpace(string(data)))
	return pid
}

func foreignProcesses() error {
	list, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(list) > 4 {
		return fmt.Errorf("%w: %v %v", errSuccess, list, err)
	}
	return errors.New("only own ones")
}

func foreignLinks() error {
	list, err := os.ReadDir("/sys/class/net")
	if err != nil || len(list) != 1 {
		return fmt.Errorf("%w: %v %v", errSuccess, list, err)
	}
	return errors.New("only lo")
}

// foreignFiles looks at what init was born with.
func foreignFiles() error {
	links, err := filepath.Glob("/proc/1/fd/*")
	if err != nil {
		return err
	}
	for _, l := range append(links, "/proc/1/cwd", "/proc/1/root") {
		target, _ := os.Readlink(l)
		switch {
		case target == "/" || target == "/dev/console" || target == "/out" || target == "/init":
		case strings.HasPrefix(target, "/dev/pts/"):
		default:
			return fmt.Errorf("%w: %s -> %s", errSuccess, l, target)
		}
	}
	return errors.New("none")
}

func abstractSocket() error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	data, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return err
	}
	return unix.Connect(fd, &unix.SockaddrUnix{Name: "@smartbox/uid/" + strings.Fields(string(data))[1]})
}

func capability(c uintptr) func() error {
	return func() error {
		in, _, errno := unix.Syscall(unix.SYS_PRCTL, unix.PR_CAPBSET_READ, c, 0)
		if errno == 0 && in == 0 {
			return errors.New("not in the bounding set")
		}
		return errSuccess
	}
}

// nested makes a user namespace, in which the same must fail.
func nested() error {
	child, _, errno := unix.RawSyscall(unix.SYS_CLONE, unix.CLONE_NEWUSER|unix.CLONE_NEWNS|uintptr(unix.SIGCHLD), 0, 0)
	if errno != 0 {
		return errno
	}
	if child == 0 {
		code := uintptr(0)
		if _, _, e := unix.RawSyscall(unix.SYS_UMOUNT2, uintptr(unsafe.Pointer(&usrPath[0])), unix.MNT_DETACH, 0); e != 0 {
			code = uintptr(e)
		}
		unix.RawSyscall(unix.SYS_EXIT_GROUP, code, 0, 0)
	}
	var st unix.WaitStatus
	if _, err := unix.Wait4(int(child), &st, 0, nil); err != nil {
		return err
	}
	if st.ExitStatus() == 0 {
		return errSuccess
	}
	return unix.Errno(st.ExitStatus())
}

var usrPath = []byte("/usr\x00")
