package keeper

import "unsafe"

// code is the program. It is never called, but copied.
func code() //nolint:unused // codePC knows it

// codePC is the address of code.
func codePC() unsafe.Pointer
