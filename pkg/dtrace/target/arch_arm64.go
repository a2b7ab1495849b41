package target

const trap = "\x00\x00\x20\xd4" // brk #0

// setPC has nothing to do: the processor stops at the trap, not behind it.
func setPC(int, uint64) error { return nil }
