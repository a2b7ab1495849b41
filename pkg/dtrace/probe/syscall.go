package probe

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
)

// addSyscalls lists entry and return of every system call, by name.
func (db *DB) addSyscalls() {
	long := ctype.Builtin("int64_t")
	for nr, name := range syscallNames() {
		if name == "" {
			continue
		}
		db.add(&Probe{
			Provider: "syscall", Module: "vmlinux", Func: name, Name: "entry",
			Args:   []*ctype.Type{long, long, long, long, long, long},
			Attach: Attach{Kind: SyscallEntry, Number: nr},
		})
		db.add(&Probe{
			Provider: "syscall", Module: "vmlinux", Func: name, Name: "return",
			Args:   []*ctype.Type{long},
			Attach: Attach{Kind: SyscallReturn, Number: nr},
		})
	}
}

// MaxSyscall bounds the numbers of system calls.
const MaxSyscall = 512
