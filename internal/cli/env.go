// Package cli is what a command needs of its surroundings: streams, the root,
// a log, a clock, exit codes and the wording of errors. It knows no flags and
// no tools.
package cli

import (
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
)

// Env is the world as one run of a tool sees it. Tests pass buffers.
type Env struct {
	Args   []string // Args[0] is the name the binary was called with
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Root   paths.Root
	Log    *slog.Logger
	Level  *slog.LevelVar // of Log; -v lowers it
	Now    func() time.Time
	Getenv func(string) string
}

// FromOS is the Env of this process.
func FromOS() *Env {
	level := new(slog.LevelVar)
	level.Set(slog.LevelWarn)
	return &Env{
		Args:   os.Args,
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Root:   paths.Root(os.Getenv("SMARTBOX_ROOT")),
		Log:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
		Level:  level,
		Now:    time.Now,
		Getenv: os.Getenv,
	}
}

// IsTerminal reports whether a stream (Stdin, Stdout or Stderr) is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && isatty(f)
}

// Fancy reports whether a stream may carry progress and colour: a terminal
// that is not dumb, and nobody said NO_COLOR.
func (e *Env) Fancy(stream any) bool {
	return IsTerminal(stream) && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
}

// Width is the number of columns of the terminal behind stream, 80 when unknown.
func (e *Env) Width(stream any) int {
	if n, err := strconv.Atoi(e.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if f, ok := stream.(*os.File); ok {
		if n := columns(f); n > 0 {
			return n
		}
	}
	return 80
}
