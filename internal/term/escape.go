package term

import (
	"errors"
	"fmt"
	"io"
)

// ErrLeft is what an Escapes reader ends with when the user left.
var ErrLeft = errors.New("left by the escape character")

// Escapes reads what is typed and takes out what is meant for us: at the
// beginning of a line, the escape character followed by a dot leaves, by ^Z
// suspends, and by itself is sent once. All else passes as it is.
type Escapes struct {
	In      io.Reader
	Char    byte
	Off     bool   // there is no escape character
	Suspend func() // nil: ^Z passes

	inLine  bool // some of a line has passed
	waiting bool // the escape character was typed, what follows decides
	rest    []byte
	err     error
	buf     [512]byte
}

const ctrlZ = 'Z' & 0x1f

// Read implements io.Reader.
func (e *Escapes) Read(p []byte) (int, error) {
	if e.Off {
		return e.In.Read(p)
	}
	for len(e.rest) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		n, err := e.In.Read(e.buf[:])
		e.rest, e.err = e.take(e.buf[:n]), err
		if e.waiting && len(e.rest) == 0 && errors.Is(err, io.EOF) {
			e.rest, e.waiting = []byte{e.Char}, false
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// take returns what passes of the bytes typed.
func (e *Escapes) take(typed []byte) []byte {
	var out []byte
	for _, c := range typed {
		switch {
		case e.waiting && c == '.':
			e.waiting = false
			e.In = gone{}
			return out
		case e.waiting && c == ctrlZ && e.Suspend != nil:
			e.waiting = false
			e.Suspend()
			continue
		case e.waiting && c != e.Char:
			out = append(out, e.Char)
		case !e.waiting && !e.inLine && c == e.Char:
			e.waiting = true
			continue
		}
		e.waiting = false
		e.inLine = c != '\n' && c != '\r'
		out = append(out, c)
	}
	return out
}

// gone is the input of a user who left.
type gone struct{}

func (gone) Read([]byte) (int, error) { return 0, ErrLeft }

// ParseEscape reads an escape character as users write it: one character, or
// ^X for a control character.
func ParseEscape(s string) (byte, error) {
	switch {
	case len(s) == 1:
		return s[0], nil
	case len(s) == 2 && s[0] == '^' && s[1] == '?':
		return 0x7f, nil
	case len(s) == 2 && s[0] == '^' && s[1] >= '@' && s[1] < 0x7f:
		return s[1] & 0x1f, nil
	}
	return 0, fmt.Errorf("%q is no escape character: one character, or ^X", s)
}
