// Package terminal is what commands that ask do with a terminal.
package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// NoEcho hides what is typed and returns what shows it again.
func NoEcho(stream any) func() {
	f, ok := stream.(*os.File)
	if !ok {
		return func() {}
	}
	old, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return func() {}
	}
	hidden := *old
	hidden.Lflag &^= unix.ECHO
	if unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, &hidden) != nil {
		return func() {}
	}
	return func() { unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, old) } //nolint:errcheck // it was just there
}
