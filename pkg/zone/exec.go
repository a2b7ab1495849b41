package zone

import (
	"context"
	"errors"
	"io"
)

// ExecOptions describe a command in a running zone.
type ExecOptions struct {
	Argv   []string // as it is: the caller wraps it in su or sh
	Env    []string // none: a clean default environment
	Dir    string   // none: /
	User   string   // none: root; looked up in the zone's own /etc/passwd
	TTY    bool     // a pty of the zone's own devpts, relayed to Stdin/Stdout
	Resize <-chan struct{}
	Size   func() (rows, cols uint16)
	Stdin  io.Reader // nil: /dev/null of the zone
	Stdout io.Writer
	Stderr io.Writer
}

// Exec runs a command in a running zone and returns its exit code, 128+n when
// signal n killed it. No file of the host is open in the command.
func (h *Host) Exec(ctx context.Context, name string, o ExecOptions) (int, error) {
	return 0, errors.ErrUnsupported
}
