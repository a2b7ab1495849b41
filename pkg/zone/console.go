package zone

import (
	"context"
	"errors"
	"io"
)

// Console connects to a zone's console, from state installed on and across
// reboots, until the connection is closed. One may write (ErrConsoleBusy),
// many may read.
func (h *Host) Console(ctx context.Context, name string, readOnly bool) (io.ReadWriteCloser, error) {
	return nil, errors.ErrUnsupported
}
