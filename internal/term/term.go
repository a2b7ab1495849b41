// Package term is the user's terminal: raw mode, window size, suspension, and
// the escapes by which one leaves what one is connected to. It prints nothing.
package term

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Terminal is a terminal that somebody sits at.
type Terminal struct {
	fd    int
	saved unix.Termios
}

// Of returns the terminal behind a stream, nil when it is none.
func Of(stream any) *Terminal {
	f, ok := stream.(*os.File)
	if !ok {
		return nil
	}
	t := &Terminal{fd: int(f.Fd())}
	saved, err := unix.IoctlGetTermios(t.fd, unix.TCGETS)
	if err != nil {
		return nil
	}
	t.saved = *saved
	return t
}

// Raw lets every key through as it is, until Restore.
func (t *Terminal) Raw() error {
	raw := t.saved
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	raw.Oflag &^= unix.OPOST
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cflag = raw.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(t.fd, unix.TCSETS, &raw)
}

// Restore brings back the mode it had when it was opened.
func (t *Terminal) Restore() error { return unix.IoctlSetTermios(t.fd, unix.TCSETS, &t.saved) }

// Size is that of the window, zeros when unknown.
func (t *Terminal) Size() (rows, cols uint16) {
	ws, err := unix.IoctlGetWinsize(t.fd, unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0
	}
	return ws.Row, ws.Col
}

// Resized tells of every change of the window's size, until stop.
func Resized() (changes <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, unix.SIGWINCH)
	return c, func() { signal.Stop(c) }
}

// Suspend stops this job in its usual mode, as ^Z does, and is raw again when
// it goes on.
func (t *Terminal) Suspend() error {
	if err := t.Restore(); err != nil {
		return err
	}
	if err := unix.Kill(0, unix.SIGTSTP); err != nil {
		return err
	}
	return t.Raw()
}
