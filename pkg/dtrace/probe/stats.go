package probe

// lockstatProbes tell how long threads waited for locks. Only waiting passes a
// tracepoint: taking a free lock does not.
func lockstatProbes() []static {
	// What the end of waiting needs to know of its beginning.
	const began = `rawtp:::contention_begin { self->lockstat_since = timestamp; self->lockstat_kind = (uint32_t)arg1; }`
	const spin, read, write, mutex = "1", "2", "4", "32"
	const kind, since = "self->lockstat_kind", "timestamp - self->lockstat_since"
	waited := func(name, lock, guard string, more ...Arg) static {
		args := append([]Arg{arg(lock, "("+lock+")arg0"), arg("uint64_t", since)}, more...)
		return static{
			provider: "lockstat", name: name, event: "contention_end", setup: began,
			guard: "self->lockstat_since && " + guard, args: args,
		}
	}
	rw := arg("int", kind+" & "+read+" ? 1 : 0")
	return []static{
		waited("adaptive-block", "struct mutex *", "("+kind+" & 39) == "+mutex),
		waited("adaptive-spin", "struct mutex *", "("+kind+" & 33) == 33"),
		waited("rw-block", "struct rw_semaphore *", "("+kind+" & 6) && !("+kind+" & "+spin+")", rw),
		waited("rw-spin", "rwlock_t *", "("+kind+" & 6) && ("+kind+" & "+spin+")", rw),
		waited("spin-spin", "spinlock_t *", "("+kind+" & 39) == "+spin),
	}
}

// stat is a probe of the providers that count: arg0 is by how much.
func stat(provider, name, event, guard, by string) static {
	return static{provider: provider, name: name, event: event, guard: guard, args: []Arg{arg("uint64_t", by)}}
}

func sysinfoProbes() []static {
	reads := []string{"read", "readv", "pread64", "preadv", "preadv2"}
	writes := []string{"write", "writev", "pwrite64", "pwritev", "pwritev2"}
	const got = "(int64_t)arg1 > 0 && "
	return []static{
		stat("sysinfo", "inv_swtch", "sched_switch", "(int)arg0 != 0", "1"),
		stat("sysinfo", "mutex_adenters", "contention_begin", "(arg1 & 32) != 0", "1"),
		stat("sysinfo", "nthreads", "sched_process_fork", "", "1"),
		stat("sysinfo", "pswitch", "sched_switch", "", "1"),
		stat("sysinfo", "readch", "sys_exit", got+"("+numberIs(returning, reads...)+")", "arg1"),
		stat("sysinfo", "sysexec", "sys_enter", numberIs("arg1", "execve", "execveat"), "1"),
		stat("sysinfo", "sysfork", "sys_enter", numberIs("arg1", "fork", "clone", "clone3"), "1"),
		stat("sysinfo", "sysread", "sys_enter", numberIs("arg1", reads...), "1"),
		stat("sysinfo", "sysvfork", "sys_enter", numberIs("arg1", "vfork"), "1"),
		stat("sysinfo", "syswrite", "sys_enter", numberIs("arg1", writes...), "1"),
		stat("sysinfo", "trap", "page_fault_user", "", "1"),
		stat("sysinfo", "writech", "sys_exit", got+"("+numberIs(returning, writes...)+")", "arg1"),
	}
}

func vminfoProbes() []static {
	const pages = "(((struct request *)arg0)->__data_len + 4095) / 4096"
	const writing = "(((struct request *)arg0)->cmd_flags & 1) != 0"
	const issue = "block_io_start|block_rq_issue"
	return []static{
		stat("vminfo", "as_fault", "page_fault_user", "", "1"),
		stat("vminfo", "cow_fault", "page_fault_user", "(arg2 & 3) == 3", "1"),
		stat("vminfo", "kernel_asflt", "page_fault_kernel", "", "1"),
		stat("vminfo", "pgin", issue, "!("+writing+")", "1"),
		stat("vminfo", "pgout", issue, writing, "1"),
		stat("vminfo", "pgpgin", issue, "!("+writing+")", pages),
		stat("vminfo", "pgpgout", issue, writing, pages),
		stat("vminfo", "prot_fault", "page_fault_user", "(arg2 & 1) != 0", "1"),
		stat("vminfo", "scan", "mm_vmscan_lru_shrink_inactive", "", "arg1"),
	}
}
