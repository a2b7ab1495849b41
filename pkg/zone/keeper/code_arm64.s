#include "textflag.h"

// The table of image.go, and what it holds.
#define COUNT 0
#define TIMED 8
#define DURATION 16
#define AWAITED 32
#define NAME 96
#define EMPTY 112

// The descriptors of doc.go.
#define FD_INIT 10
#define FD_EXE 15
#define FD_TIME 16

// On the stack, since the kernel writes to them: eight pollfds, a timespec.
#define STACK 256
#define LEFT 64

TEXT ·code(SB), NOSPLIT|NOFRAME, $0
	MOVD RSP, R19
	MOVD (R19), R20           // argc
	ADD  $8, R19, R21         // argv
	ADD  $1, R20, R22
	LSL  $3, R22, R22
	ADD  R21, R22, R22        // the environment
	MOVD $0x400000, R23
	ADD  $0x800, R23, R23     // the table
	SUB  $STACK, R19, R24
	MOVD R24, RSP

	// Whoever forks a zone's init has been given the zone's clock by execve.
	MOVD $268, R8             // setns(FD_TIME, CLONE_NEWTIME)
	MOVD $FD_TIME, R0
	MOVD $0x80, R1
	SVC
	MOVD $167, R8             // prctl(PR_SET_NAME, name)
	MOVD $15, R0
	ADD  $NAME, R23, R1
	SVC

wait:
	MOVD $0, R9
	ADD  $AWAITED, R23, R10
copy:
	MOVD (R10)(R9<<3), R11
	MOVD R11, (R24)(R9<<3)
	ADD  $1, R9, R9
	CMP  $8, R9
	BNE  copy
	MOVD DURATION(R23), R11
	MOVD R11, LEFT(R24)
	MOVD (DURATION+8)(R23), R11
	MOVD R11, (LEFT+8)(R24)

	MOVD $73, R8              // ppoll(pollfds, count, duration, 0, 8)
	MOVD R24, R0
	MOVD COUNT(R23), R1
	MOVD $0, R2
	MOVD TIMED(R23), R11
	CBZ  R11, forever
	ADD  $LEFT, R24, R2
forever:
	MOVD $0, R3
	MOVD $8, R4
	SVC
	CMN  $4, R0               // EINTR
	BEQ  wait
	CMP  $0, R0
	BLE  wake
	MOVHU 6(R24), R11         // revents of the first
	CBNZ R11, end

wake:
	MOVD $281, R8             // execveat(FD_EXE, "", argv, environment, AT_EMPTY_PATH)
	MOVD $FD_EXE, R0
	ADD  $EMPTY, R23, R1
	MOVD R21, R2
	MOVD R22, R3
	MOVD $0x1000, R4
	SVC

	// There may be no memory for it now: again in a second.
	MOVD $1, R11
	MOVD R11, LEFT(R24)
	MOVD $0, R11
	MOVD R11, (LEFT+8)(R24)
	MOVD $101, R8             // nanosleep
	ADD  $LEFT, R24, R0
	MOVD $0, R1
	SVC
	B    wait

end:
	MOVD $424, R8             // pidfd_send_signal(FD_INIT, SIGKILL, 0, 0)
	MOVD $FD_INIT, R0
	MOVD $9, R1
	MOVD $0, R2
	MOVD $0, R3
	SVC
reap:
	MOVD $95, R8              // waitid(P_PIDFD, FD_INIT, 0, WEXITED|__WALL, 0)
	MOVD $3, R0
	MOVD $FD_INIT, R1
	MOVD $0, R2
	MOVD $4, R3
	ORR  $0x40000000, R3, R3
	MOVD $0, R4
	SVC
	CMN  $4, R0
	BEQ  reap
	MOVD $94, R8              // exit_group(0)
	MOVD $0, R0
	SVC
	BRK

	// codeEnd
	WORD $0x72616d73
	WORD $0x786f6274

// func codePC() unsafe.Pointer
TEXT ·codePC(SB), NOSPLIT, $0-8
	MOVD $·code(SB), R0
	MOVD R0, ret+0(FP)
	RET
