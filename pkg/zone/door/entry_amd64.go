package door

// What entry_amd64.s gives to code that runs before the Go runtime.
var (
	stack  [64 << 10]byte
	g      [64]uintptr // the first fields of the runtime's g
	thread [2]uintptr
	kernel uintptr // the stack that execve(2) made
)

// All of it is the assembler's.
var (
	_ = enter
	_ = [...]any{&stack, &g, &thread, &kernel}
)
