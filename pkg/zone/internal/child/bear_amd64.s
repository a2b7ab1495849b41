#include "textflag.h"

// func clone(flags, stack uintptr, pidfd *int32, p *Plan) (r uintptr)
//
// The child begins on its own stack with nothing above it and runs stage two.
TEXT ·clone(SB), NOSPLIT, $0-40
	MOVQ flags+0(FP), DI
	MOVQ stack+8(FP), SI
	MOVQ pidfd+16(FP), DX
	MOVQ p+24(FP), R12
	XORL R10, R10
	XORL R8, R8
	MOVL $56, AX              // clone(flags, stack, pidfd, 0, 0)
	SYSCALL
	TESTQ AX, AX
	JEQ  born
	MOVQ AX, r+32(FP)
	RET
born:
	XORL BP, BP
	SUBQ $64, SP
	MOVQ R12, 0(SP)
	CALL ·stageTwo(SB)
	INT  $3
