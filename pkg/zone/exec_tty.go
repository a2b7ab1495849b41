package zone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone/enter"
)

// terminal runs the command on a pty that it opened in the zone; here is only
// the master.
func (e *execution) terminal(ctx context.Context) (int, error) {
	if e.Size != nil {
		e.command.Rows, e.command.Cols = e.Size()
	}
	p, err := enter.Start(ctx, e.target, e.command)
	if err != nil {
		return 0, err
	}
	defer p.Master.Close()
	if err := e.announce(p.Master); err != nil {
		p.SignalGroup(unix.SIGKILL) //nolint:errcheck // it may have ended
		p.Wait()                    //nolint:errcheck // killed
		return 0, err
	}
	stop := e.tend(ctx, p)
	defer stop()
	// A terminal whose user is gone hangs up, whatever the command does.
	defer context.AfterFunc(ctx, func() { p.Master.Close() })()
	over := make(chan struct{})
	defer close(over)
	go e.followSize(p.Master, over)
	if e.Stdin != nil {
		go typeIn(p.Master, e.Stdin)
	}
	out := e.Stdout
	if out == nil {
		out = io.Discard
	}
	_, err = io.Copy(out, p.Master)
	switch {
	case err == nil, errors.Is(err, unix.EIO), errors.Is(err, os.ErrClosed):
		err = nil // hung up from either side
	default:
		p.Master.Close()
	}
	code, werr := p.Wait()
	return code, errors.Join(err, werr)
}

func (e *execution) announce(master *os.File) error {
	if e.Opened == nil {
		return nil
	}
	var n uint32
	err := control(master, func(fd int) (err error) {
		n, err = unix.IoctlGetUint32(fd, unix.TIOCGPTN)
		return err
	})
	if err != nil {
		return fmt.Errorf("name of the zone's terminal: %w", err)
	}
	e.Opened(fmt.Sprintf("pts/%d", n))
	return nil
}

// followSize makes the pty as large as the caller's terminal.
func (e *execution) followSize(master *os.File, over chan struct{}) {
	for {
		select {
		case <-over:
			return
		case <-e.Resize:
			rows, cols := e.Size()
			control(master, func(fd int) error { //nolint:errcheck // cosmetic
				return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols})
			})
		}
	}
}

// control uses a file's descriptor without taking it from the poller.
func control(f *os.File, do func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var done error
	return errors.Join(conn.Control(func(fd uintptr) { done = do(int(fd)) }), done)
}

// typeIn passes input on. At its end it types the character that ends a file,
// once more when the line was not empty.
func typeIn(master *os.File, in io.Reader) {
	last := lastByte{w: master, b: '\n'}
	if _, err := io.Copy(&last, in); err != nil {
		return
	}
	const eof = 4
	end := []byte{eof}
	if last.b != '\n' && last.b != '\r' {
		end = []byte{eof, eof}
	}
	master.Write(end) //nolint:errcheck // hung up
}

type lastByte struct {
	w io.Writer
	b byte
}

func (l *lastByte) Write(p []byte) (int, error) {
	if len(p) > 0 {
		l.b = p[len(p)-1]
	}
	return l.w.Write(p)
}
