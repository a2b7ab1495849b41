package probe

// returning is the number of the system call that ends, in D at sys_exit.
const returning = "((struct pt_regs *)arg0)->orig_ax"

// enterArg is an argument of the system call that begins, in D at sys_enter.
func enterArg(n int) string {
	return "((struct pt_regs *)arg0)->" + [...]string{"di", "si", "dx", "r10", "r8", "r9"}[n]
}
