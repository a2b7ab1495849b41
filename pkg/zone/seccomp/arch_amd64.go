package seccomp

import "golang.org/x/sys/unix"

const (
	nativeArch   = unix.AUDIT_ARCH_X86_64
	compatArch   = unix.AUDIT_ARCH_I386
	compatSocket = 359
	x32Bit       = 0x40000000
)
