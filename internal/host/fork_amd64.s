#include "textflag.h"

// The child begins on the stack that args name, with nothing above it, and
// runs a function that does not return.
#define CLONE(run) \
	MOVQ args+0(FP), DI; \
	MOVQ size+8(FP), SI; \
	MOVQ c+16(FP), R12; \
	MOVL $435, AX; \
	SYSCALL; \
	TESTQ AX, AX; \
	JEQ born; \
	MOVQ AX, r+24(FP); \
	RET; \
born: \
	XORL BP, BP; \
	SUBQ $64, SP; \
	MOVQ R12, 0(SP); \
	CALL run; \
	INT $3

// func cloneParent(args *cloneArgs, size uintptr, c *child) (r uintptr)
TEXT ·cloneParent(SB), NOSPLIT, $0-32
	CLONE(·runParent(SB))

// func cloneOnStack(args *cloneArgs, size uintptr, c *child) (r uintptr)
TEXT ·cloneOnStack(SB), NOSPLIT, $0-32
	CLONE(·runChild(SB))
