// Package seccomp makes the filter of system calls that a zone's processes
// live with. What a user namespace fences already is not its business; it
// closes doors that the kernel leaves open to any process, or to root of any
// user namespace, and that have often led out of one.
package seccomp

import (
	"golang.org/x/sys/unix"
)

// Denied calls fail with EPERM, as they would for lack of a privilege, or
// with ENOSYS, which makes libraries fall back to older calls.
type rule struct {
	native, i386 uint32
	errno        unix.Errno
}

// none is a system call number that does not exist on an architecture.
const none = ^uint32(0)

var rules = []rule{
	{unix.SYS_ADD_KEY, 286, unix.ENOSYS},
	{unix.SYS_REQUEST_KEY, 287, unix.ENOSYS},
	{unix.SYS_KEYCTL, 288, unix.ENOSYS},
	{unix.SYS_KEXEC_LOAD, 283, unix.EPERM},
	{unix.SYS_KEXEC_FILE_LOAD, none, unix.EPERM},
	{unix.SYS_INIT_MODULE, 128, unix.EPERM},
	{unix.SYS_FINIT_MODULE, 350, unix.EPERM},
	{unix.SYS_DELETE_MODULE, 129, unix.EPERM},
	{unix.SYS_BPF, 357, unix.EPERM},
	{unix.SYS_PERF_EVENT_OPEN, 336, unix.EPERM},
	{unix.SYS_USERFAULTFD, 374, unix.EPERM},
	{unix.SYS_OPEN_BY_HANDLE_AT, 342, unix.EPERM},
	{unix.SYS_IO_URING_SETUP, 425, unix.ENOSYS},
	{unix.SYS_IO_URING_ENTER, 426, unix.ENOSYS},
	{unix.SYS_IO_URING_REGISTER, 427, unix.ENOSYS},
	{unix.SYS_SYSLOG, 103, unix.EPERM},
	{unix.SYS_SWAPON, 87, unix.EPERM},
	{unix.SYS_SWAPOFF, 115, unix.EPERM},
	{unix.SYS_ACCT, 51, unix.EPERM},
	{unix.SYS_LOOKUP_DCOOKIE, 253, unix.EPERM},
	{unix.SYS_NFSSERVCTL, 169, unix.ENOSYS},
	{unix.SYS_SETTIMEOFDAY, 79, unix.EPERM},
	{unix.SYS_CLOCK_SETTIME, 264, unix.EPERM},
}

// vsock is an address family that no network namespace fences: it reaches the
// hypervisor, or the host's own machines.
const vsock = unix.AF_VSOCK

// offsets in struct seccomp_data.
const (
	offNr   = 0
	offArch = 4
	offArg0 = 16
)

// Filter is the program. Kernels from 5.11 on know which calls it lets pass
// whatever their arguments are, and do not run it for them.
func Filter() []unix.SockFilter {
	native := section(rules, func(r rule) uint32 { return r.native }, unix.SYS_SOCKET)
	compat := section(rules, func(r rule) uint32 { return r.i386 }, compatSocket)
	prog := []unix.SockFilter{load(offArch)}
	// jump over the sections that are not for the caller's architecture
	prog = append(prog, jumpUnless(nativeArch, len(native)))
	prog = append(prog, native...)
	if compatArch != 0 {
		prog = append(prog, load(offArch), jumpUnless(compatArch, len(compat)))
		prog = append(prog, compat...)
	}
	return append(prog, deny(unix.EPERM))
}

// section decides for one architecture; it always returns.
func section(rules []rule, nr func(rule) uint32, socket uint32) []unix.SockFilter {
	prog := []unix.SockFilter{load(offNr)}
	if x32Bit != 0 {
		// The x32 calls are the same by other numbers: none of them.
		prog = append(prog, jump(unix.BPF_JGE, x32Bit, 1), deny(unix.ENOSYS))
	}
	for _, r := range rules {
		if n := nr(r); n != none {
			prog = append(prog, jump(unix.BPF_JEQ, n, 1), deny(r.errno))
		}
	}
	return append(prog,
		jump(unix.BPF_JEQ, socket, 3),
		load(offArg0),
		jump(unix.BPF_JEQ, vsock, 1),
		deny(unix.EAFNOSUPPORT),
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

// jump leaps over some steps when the comparison fails.
func jump(op uint16, k uint32, over uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | op | unix.BPF_K, K: k, Jf: over}
}

func jumpUnless(k uint32, over int) unix.SockFilter { return jump(unix.BPF_JEQ, k, uint8(over)) }

func deny(e unix.Errno) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(e)}
}
