package seccomp

import "golang.org/x/sys/unix"

// 32-bit programs find no system calls in zones on arm64.
const (
	nativeArch   = unix.AUDIT_ARCH_AARCH64
	compatArch   = 0
	compatSocket = none
	x32Bit       = 0
)
