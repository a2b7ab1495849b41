package sema

import (
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// faults are what arg4 of the ERROR probe tells.
var faults = [...]string{
	"UNKNOWN", "BADADDR", "BADALIGN", "ILLOP", "DIVZERO", "NOSCRATCH", "KPRIV", "UPRIV", "TUPOFLOW", "BADSTACK", "BADSIZE", "BADINDEX",
}

// constant is a name that every program has: NULL, errors and signals by their
// names, faults.
func constant(name string) *ir.Const {
	if name == "NULL" {
		return konst(ctype.PointerTo(ctype.VoidT), 0)
	}
	if rest, ok := strings.CutPrefix(name, "DTRACEFLT_"); ok {
		for i, f := range faults {
			if f == rest {
				return konst(ctype.IntT, int64(i))
			}
		}
		return nil
	}
	if strings.HasPrefix(name, "SIG") {
		if n := unix.SignalNum(name); n > 0 {
			return konst(ctype.IntT, int64(n))
		}
	}
	if strings.HasPrefix(name, "E") {
		for n := unix.EPERM; n <= unix.EHWPOISON; n++ {
			if unix.ErrnoName(n) == name {
				return konst(ctype.IntT, int64(n))
			}
		}
	}
	return nil
}
