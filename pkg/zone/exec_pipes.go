package zone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/relay"
	"github.com/smartbox-os/smartbox/pkg/zone/enter"
)

// piped runs the command with a pipe for each stream. The pipes are new and
// belong to the user: it may open /dev/stdout, and sees no path of the host.
func (e *execution) piped(ctx context.Context) (int, error) {
	var w wiring
	defer w.close()
	if err := w.lay(e); err != nil {
		return 0, err
	}
	e.command.Streams = w.child
	p, err := enter.Start(ctx, e.target, e.command)
	w.closeChild()
	if err != nil {
		return 0, err
	}
	stop := e.tend(ctx, p)
	err = relay.Run(p.Fd(), w.flows)
	stop()
	if err != nil {
		p.SignalGroup(unix.SIGKILL) //nolint:errcheck // it may have ended
	}
	w.flows = nil // all closed
	code, werr := p.Wait()
	return code, errors.Join(err, werr, w.finish())
}

// wiring is the pipes between the command and the caller's streams.
type wiring struct {
	child   [3]int
	flows   []*relay.Flow
	helpers []*os.File // ends of pipes to readers and writers that are no files
	copied  []chan error
}

func (w *wiring) lay(e *execution) error {
	w.child = [3]int{-1, -1, -1}
	for i := range w.child {
		var p [2]int
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
			return fmt.Errorf("pipe: %w", err)
		}
		mine, theirs := p[0], p[1]
		if i == 0 {
			mine, theirs = p[1], p[0]
		}
		w.child[i] = theirs
		f := &relay.Flow{From: mine, To: -1}
		if i == 0 {
			f = &relay.Flow{From: -1, To: mine, Input: true}
		}
		w.flows = append(w.flows, f)
		if err := errors.Join(unix.Fchown(theirs, e.owner, -1), unix.SetNonblock(mine, true), w.connect(f, i, e)); err != nil {
			return fmt.Errorf("pipe: %w", err)
		}
	}
	if e.Stdin == nil {
		w.flows[0].Close()
	}
	return nil
}

// connect finds the descriptor of the caller's end.
func (w *wiring) connect(f *relay.Flow, i int, e *execution) (err error) {
	switch {
	case i == 0 && e.Stdin != nil:
		f.From, err = w.source(e.Stdin)
	case i == 1:
		f.To, err = w.sink(e.Stdout)
	case i == 2 && same(e.Stdout, e.Stderr): // by one goroutine
		f.To = w.flows[1].To
	case i == 2:
		f.To, err = w.sink(e.Stderr)
	}
	return err
}

func (w *wiring) source(r io.Reader) (int, error) {
	if f, ok := r.(*os.File); ok {
		return int(f.Fd()), nil
	}
	from, to, err := os.Pipe()
	if err != nil {
		return -1, err
	}
	w.helpers = append(w.helpers, from)
	go func() { // ends when the reader does, perhaps long after the command
		io.Copy(to, r) //nolint:errcheck // as when a pipe breaks
		to.Close()
	}()
	return int(from.Fd()), nil
}

func (w *wiring) sink(to io.Writer) (int, error) {
	if to == nil {
		return -1, nil
	}
	if f, ok := to.(*os.File); ok {
		return int(f.Fd()), nil
	}
	from, end, err := os.Pipe()
	if err != nil {
		return -1, err
	}
	w.helpers = append(w.helpers, end)
	done := make(chan error, 1)
	w.copied = append(w.copied, done)
	go func() {
		_, err := io.Copy(to, from)
		from.Close() // breaks the pipe of a writer that failed
		done <- err
	}()
	return int(end.Fd()), nil
}

// same reports whether two writers are one; those that cannot be compared are
// not.
func same(a, b io.Writer) (yes bool) {
	defer func() {
		if recover() != nil {
			yes = false
		}
	}()
	return a != nil && a == b
}

// finish waits until the writers have all.
func (w *wiring) finish() error {
	w.closeHelpers()
	var errs []error
	for _, done := range w.copied {
		errs = append(errs, <-done)
	}
	w.copied = nil
	return errors.Join(errs...)
}

func (w *wiring) closeHelpers() {
	for _, f := range w.helpers {
		f.Close()
	}
	w.helpers = nil
}

func (w *wiring) closeChild() {
	for i, fd := range w.child {
		if fd >= 0 {
			unix.Close(fd)
		}
		w.child[i] = -1
	}
}

func (w *wiring) close() {
	w.closeChild()
	for _, f := range w.flows {
		f.Close()
	}
	w.closeHelpers()
}
