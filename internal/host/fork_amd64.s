#include "textflag.h"

// func cloneOnStack(args *cloneArgs, size uintptr, c *child) (r uintptr)
// The child begins on the stack that args name, with nothing above it, and
// runs runChild, which does not return.
TEXT ·cloneOnStack(SB), NOSPLIT, $0-32
	MOVQ args+0(FP), DI
	MOVQ size+8(FP), SI
	MOVQ c+16(FP), R12
	MOVL $435, AX // clone3
	SYSCALL
	TESTQ AX, AX
	JEQ  born
	MOVQ AX, r+24(FP)
	RET

born:
	XORL BP, BP
	SUBQ $64, SP
	MOVQ R12, 0(SP)
	CALL ·runChild(SB)
	INT  $3
