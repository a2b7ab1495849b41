#include "textflag.h"

// The size of stack in entry_amd64.go.
#define STACK 65536

// The program begins here when it is linked with -E _smartbox_start: the stack
// is as execve(2) left it, and nothing else is there.
TEXT _smartbox_start(SB), NOSPLIT|NOFRAME, $0
	MOVQ SP, ·kernel(SB)

	// What compiled code asks for: a stack, a g that knows its bounds, and the
	// g at -8 of the thread pointer.
	MOVL $158, AX             // arch_prctl(ARCH_SET_FS, the end of thread)
	MOVL $0x1002, DI
	LEAQ ·thread+8(SB), SI
	SYSCALL
	LEAQ ·stack(SB), AX
	LEAQ ·g(SB), CX
	MOVQ CX, ·thread(SB)
	MOVQ AX, 0(CX)            // stack.lo
	LEAQ 1024(AX), DX
	MOVQ DX, 16(CX)           // stackguard0
	MOVQ DX, 24(CX)           // stackguard1
	ADDQ $STACK, AX
	MOVQ AX, 8(CX)            // stack.hi
	ANDQ $~15, AX
	MOVQ AX, SP
	CALL ·Enter(SB)
	MOVQ ·kernel(SB), SP
	JMP  _rt0_amd64_linux(SB)

// fault is the handler of SIGSEGV while Enter runs.
TEXT ·fault(SB), NOSPLIT|NOFRAME, $0
	LEAQ ·stack(SB), AX
	ADDQ $STACK, AX
	ANDQ $~15, AX
	MOVQ AX, SP
	CALL ·leave(SB)
	MOVQ ·kernel(SB), SP
	JMP  _rt0_amd64_linux(SB)

// func faultPC() uintptr
TEXT ·faultPC(SB), NOSPLIT, $0-8
	LEAQ ·fault(SB), AX
	MOVQ AX, ret+0(FP)
	RET
