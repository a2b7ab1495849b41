package probe

// hostRegs: di, si, dx, r10, r8, r9; orig_ax; ip.
var hostRegs = regs{args: [6]int16{112, 104, 96, 56, 72, 64}, number: 120, pc: 128}
