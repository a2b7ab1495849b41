package probe

// addSyscalls lists entry and return of every system call, by name.
func (db *DB) addSyscalls() {
	long := Arg{Type: "int64_t"}
	for nr, name := range syscallNames() {
		if name == "" {
			continue
		}
		db.add(&Probe{
			Provider: "syscall", Module: "vmlinux", Func: name, Name: "entry",
			Args:   []Arg{long, long, long, long, long, long},
			Attach: Attach{Kind: SyscallEntry, Number: nr},
		})
		db.add(&Probe{
			Provider: "syscall", Module: "vmlinux", Func: name, Name: "return",
			Args:   []Arg{long},
			Attach: Attach{Kind: SyscallReturn, Number: nr},
		})
	}
}

// MaxSyscall bounds the numbers of system calls.
const MaxSyscall = 512
