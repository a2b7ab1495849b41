package probe

// hostRegs: orig_x0, x1 to x5; syscallno; pc.
var hostRegs = regs{args: [6]int16{272, 8, 16, 24, 32, 40}, number: 280, pc: 256}
