#include "textflag.h"

// The size of stack in entry_amd64.go.
#define STACK 65536

// The program begins here when it is linked with -E _smartbox_start: the stack
// is as execve(2) left it, and nothing else is there.
TEXT _smartbox_start(SB), NOSPLIT|NOFRAME, $0
	// Is the last part of argv[0] zlogin?
	MOVQ 8(SP), SI
	TESTQ SI, SI
	JEQ  ordinary
	MOVQ SI, DI
scan:
	CMPB (DI), $0
	JEQ  scanned
	INCQ DI
	JMP  scan
scanned:
	MOVQ DI, CX
	SUBQ SI, CX
	CMPQ CX, $6
	JLT  ordinary
	CMPL -6(DI), $0x676f6c7a  // zlog
	JNE  ordinary
	CMPW -2(DI), $0x6e69      // in
	JNE  ordinary
	CMPQ CX, $6
	JEQ  ours
	CMPB -7(DI), $'/'
	JNE  ordinary

ours:
	// What compiled code asks for: a stack, a g that knows its bounds, and the
	// g at -8 of the thread pointer.
	MOVQ SP, R12
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
	MOVQ R12, ·kernel(SB)
	MOVQ AX, SP
	SUBQ $16, SP
	MOVQ R12, 0(SP)
	CALL ·enter(SB)
	MOVQ ·kernel(SB), SP

ordinary:
	JMP _rt0_amd64_linux(SB)
