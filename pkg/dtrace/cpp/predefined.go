package cpp

import "runtime"

// predefined are the macros that a C compiler of this host has and headers ask
// for, and D's own.
func predefined() []string {
	common := []string{
		"__STDC__=1", "__STDC_VERSION__=201710L", "__SUNW_D=1", "__SUNW_D_VERSION=0x02000000",
		"__linux=1", "__linux__=1", "linux=1", "__unix=1", "__unix__=1", "unix=1", "_LP64=1", "__LP64__=1",
		"__CHAR_BIT__=8", "__SIZEOF_INT__=4", "__SIZEOF_LONG__=8", "__SIZEOF_POINTER__=8", "__SIZEOF_SHORT__=2", "__SIZEOF_LONG_LONG__=8",
		"__ORDER_LITTLE_ENDIAN__=1234", "__ORDER_BIG_ENDIAN__=4321", "__BYTE_ORDER__=1234",
		"__INT_MAX__=0x7fffffff", "__LONG_MAX__=0x7fffffffffffffffL", "__SIZE_TYPE__=unsigned long",
	}
	if runtime.GOARCH == "arm64" {
		return append(common, "__aarch64__=1")
	}
	return append(common, "__x86_64__=1", "__x86_64=1", "__amd64__=1", "__amd64=1")
}
