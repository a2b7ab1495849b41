package probe

// static is one probe of a provider that this table makes: of tracepoints of
// the kernel, with conditions and arguments in D.
type static struct {
	provider, name string
	event          string
	guard, task    string
	args           []Arg
	setup          string // clauses in D that must run for it, before it
}

// arg is an argument with its type and value in D.
func arg(t, from string) Arg { return Arg{Type: t, From: from} }

// task are the arguments that tell of a thread: as a thread, and as its process.
func task(from string) []Arg {
	return []Arg{arg("lwpsinfo_t *", "(struct task_struct *)"+from), arg("psinfo_t *", "(struct task_struct *)"+from)}
}

// addStatic lists the probes of the providers that are made of tracepoints.
func (db *DB) addStatic() {
	for _, list := range [][]static{
		procProbes(), schedProbes(), ioProbes(), ipProbes(), tcpProbes(), udpProbes(), lockstatProbes(), sysinfoProbes(), vminfoProbes(),
	} {
		for _, s := range list {
			db.add(&Probe{
				Provider: s.provider, Module: "vmlinux", Name: s.name, Args: s.args, Guard: s.guard, Task: s.task, Setup: s.setup,
				Attach: Attach{Kind: RawTP, Event: s.event},
			})
		}
	}
}

// addTick adds the clock that the scheduler would have: it has no tracepoint.
func (db *DB) addTick() {
	const hz = 100
	db.add(&Probe{
		Provider: "sched", Module: "vmlinux", Name: "tick", Attach: Attach{Kind: Profile, Period: -hz},
		Args: []Arg{arg("lwpsinfo_t *", "curthread"), arg("psinfo_t *", "curthread")},
	})
}

func procProbes() []static {
	const child = "((struct task_struct *)arg1)"
	// A signal that ends a process comes to it as SIGKILL; which it was is noted.
	const handled = "(int)arg0 == 9 && (curthread->signal->group_exit_code & 0x7f) ? curthread->signal->group_exit_code & 0x7f : (int)arg0"
	// A machine fault is a signal that the kernel makes for the thread that runs.
	const info = "(struct kernel_siginfo *)arg1"
	const faulted = "(uint64_t)arg1 > 1 && arg2 == (int64_t)curthread && ((int)arg0 == 4 || (int)arg0 == 5 || (int)arg0 == 7 || (int)arg0 == 8 || (int)arg0 == 11) && (" + info + ")->si_code > 0"
	isExec := numberIs("arg1", "execve", "execveat")
	ended := numberIs(returning, "execve", "execveat")
	forked := "(int64_t)arg1 == 0 && (" + numberIs(returning, "fork", "vfork", "clone", "clone3") + ")"
	return []static{
		{"proc", "create", "sched_process_fork", child + "->pid == " + child + "->tgid", "", []Arg{arg("psinfo_t *", "(struct task_struct *)arg1")}, ""},
		{"proc", "exec", "sys_enter", isExec, "", []Arg{arg("string", "copyinstr("+numberIs("arg1", "execve")+" ? "+enterArg(0)+" : "+enterArg(1)+")")}, ""},
		{"proc", "exec-failure", "sys_exit", "(int64_t)arg1 < 0 && (" + ended + ")", "", []Arg{arg("int", "-(int)arg1")}, ""},
		{"proc", "exec-success", "sched_process_exec", "", "", nil, ""},
		{"proc", "exit", "sched_process_exit", "curthread->signal->live.counter == 0", "", []Arg{arg("int", "curthread->exit_code & 0x7f ? (curthread->exit_code & 0x80 ? 3 : 2) : 1")}, ""},
		{"proc", "fault", "signal_generate", faulted, "", []Arg{arg("int", faultNumber(info)), arg("siginfo_t *", info)}, ""},
		{"proc", "lwp-create", "sched_process_fork", child + "->pid != " + child + "->tgid", "", task("arg1"), ""},
		{"proc", "lwp-exit", "sched_process_exit", "", "", nil, ""},
		{"proc", "lwp-start", "sys_exit", forked, "", nil, ""},
		{"proc", "signal-clear", "sys_exit", "(int64_t)arg1 > 0 && (" + numberIs(returning, "rt_sigtimedwait") + ")", "", []Arg{arg("int", "(int)arg1")}, ""},
		{"proc", "signal-discard", "signal_generate", "arg4 == 1", "", append(task("arg2"), arg("int", "(int)arg0")), ""},
		{"proc", "signal-handle", "signal_deliver", "", "", []Arg{arg("int", handled), arg("siginfo_t *", "(struct kernel_siginfo *)arg1"), arg("uintptr_t", "((struct k_sigaction *)arg2)->sa.sa_handler")}, ""},
		{"proc", "signal-send", "signal_generate", "", "", append(task("arg2"), arg("int", "(int)arg0")), ""},
		{"proc", "start", "sys_exit", forked + " && pid == tid", "", nil, ""},
	}
}

// faultNumber is which of the machine's faults made a signal: the FLT* of
// proc(5), by the signal and its code.
func faultNumber(info string) string {
	const sig = "(int)arg0"
	code := "(" + info + ")->si_code"
	return sig + " == 4 ? (" + code + " == 5 ? 2 : 1)" + // ILL_PRVOPC: FLTPRIV, or FLTILL
		" : " + sig + " == 5 ? (" + code + " == 2 ? 4 : 3)" + // TRAP_TRACE: FLTTRACE, or FLTBPT
		" : " + sig + " == 8 ? (" + code + " == 1 ? 8 : " + code + " == 2 ? 7 : 9)" + // FLTIZDIV, FLTIOVF, FLTFPE
		" : " + sig + " == 11 && " + code + " == 1 ? 6 : 5" // SEGV_MAPERR: FLTBOUNDS, or FLTACCESS
}

func schedProbes() []static {
	queue := append(task("arg0"), arg("cpuinfo_t *", "(struct task_struct *)arg0"), arg("int", "0"))
	left := append(task("arg1"), arg("cpuinfo_t *", "(struct task_struct *)arg1"), arg("int", "0"))
	return []static{
		{"sched", "dequeue", "sched_switch", "(uint32_t)arg3 != 0", "", left, ""},
		{"sched", "enqueue", "sched_wakeup sched_wakeup_new", "", "", queue, ""},
		{"sched", "off-cpu", "sched_switch", "", "", task("arg2"), ""},
		{"sched", "on-cpu", "sched_switch", "", "(struct task_struct *)arg2", nil, ""},
		{"sched", "preempt", "sched_switch", "(int)arg0 != 0", "", nil, ""},
		{"sched", "sleep", "sched_switch", "((uint32_t)arg3 & 3) != 0", "", nil, ""},
		{"sched", "surrender", "sys_enter", numberIs("arg1", "sched_yield"), "", []Arg{arg("lwpsinfo_t *", "curthread"), arg("psinfo_t *", "curthread")}, ""},
		{"sched", "wakeup", "sched_waking", "", "", task("arg0"), ""},
	}
}

func ioProbes() []static {
	of := func(request string) []Arg {
		return []Arg{arg("bufinfo_t *", request), arg("devinfo_t *", request), arg("fileinfo_t *", "(struct file *)0")}
	}
	args, unknown := of("(struct request *)arg0"), of("(struct request *)0")
	const next = "(struct task_struct *)arg2"
	return []static{
		{"io", "done", "block_io_done|block_rq_complete", "", "", args, ""},
		{"io", "start", "block_io_start|block_rq_issue", "", "", args, ""},
		{"io", "wait-done", "sched_switch", "(" + next + ")->in_iowait", next, unknown, ""},
		{"io", "wait-start", "sched_switch", "((struct task_struct *)arg1)->in_iowait", "", unknown, ""},
	}
}
