package probe

import "strconv"

// returning is the number of the system call that ends, in D at sys_exit.
const returning = "((struct pt_regs *)arg0)->syscallno"

// enterArg is an argument of the system call that begins, in D at sys_enter.
func enterArg(n int) string {
	if n == 0 {
		return "((struct pt_regs *)arg0)->orig_x0"
	}
	return "((struct pt_regs *)arg0)->regs[" + strconv.Itoa(n) + "]"
}
