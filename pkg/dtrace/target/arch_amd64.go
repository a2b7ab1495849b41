package target

import "golang.org/x/sys/unix"

const trap = "\xcc" // int3

// setPC takes the process back to where the trap was.
func setPC(pid int, pc uint64) error {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	regs.Rip = pc
	return unix.PtraceSetRegs(pid, &regs)
}
