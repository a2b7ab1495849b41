package zonecfg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zone/zonecfg"
)

// converse is a session at a terminal: lines are edited, with a history; ^C
// drops a line, ^D ends the session.
func (t *tool) converse(ctx context.Context, s *zonecfg.Session) error {
	line, err := newLineReader(t.env)
	if err != nil {
		return err
	}
	line.complete = s.Complete
	s.Interactive = true
	s.Ask = line.ask
	s.Greet()
	for {
		text, err := line.read(s.Prompt())
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err == nil && s.Run(ctx, text) {
			continue
		}
		ok, again := s.Finish(ctx)
		switch {
		case again:
		case ok:
			return nil
		default:
			return cli.Exit(cli.ExitFailed)
		}
	}
}

// lineReader reads lines from a terminal, which is raw only meanwhile, so that
// what commands print looks as always.
type lineReader struct {
	fd       int
	screen   io.ReadWriter
	terminal *term.Terminal
	complete func(string) string
}

func newLineReader(env *cli.Env) (*lineReader, error) {
	in, ok := env.Stdin.(*os.File)
	if !ok {
		return nil, errors.New("the standard input is no terminal")
	}
	l := &lineReader{fd: int(in.Fd())}
	l.screen = struct {
		io.Reader
		io.Writer
	}{&interrupts{r: in}, env.Stdout}
	l.terminal = l.fresh()
	return l, nil
}

func (l *lineReader) fresh() *term.Terminal {
	t := term.NewTerminal(l.screen, "")
	t.AutoCompleteCallback = func(text string, pos int, key rune) (string, int, bool) {
		if key != '\t' || l.complete == nil {
			return "", 0, false
		}
		longer := l.complete(text[:pos])
		return longer + text[pos:], len(longer), true
	}
	return t
}

func (l *lineReader) read(prompt string) (string, error) {
	before, err := term.MakeRaw(l.fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(l.fd, before) //nolint:errcheck // it was a terminal a moment ago
	if width, height, err := term.GetSize(l.fd); err == nil && width > 0 {
		if err := l.terminal.SetSize(width, height); err != nil {
			return "", err
		}
	}
	l.terminal.SetPrompt(prompt)
	text, err := l.terminal.ReadLine()
	if errors.Is(err, io.EOF) { // a ^D stays in a Terminal for ever
		history := l.terminal.History
		l.terminal = l.fresh()
		l.terminal.History = history
	}
	return text, err
}

func (l *lineReader) ask(question string) (yes, ok bool) {
	for {
		answer, err := l.read(fmt.Sprintf("%s (y/[n])? ", question))
		switch {
		case err != nil:
			return false, false
		case answer == "" || answer[0] == 'n' || answer[0] == 'N':
			return false, true
		case answer[0] == 'y' || answer[0] == 'Y':
			return true, true
		}
	}
}

// interrupts turns ^C into "clear the line" and "return": the terminal package
// would take it for the end of the input.
type interrupts struct {
	r    io.Reader
	rest []byte
}

const ctrlC, ctrlU = 3, 21

func (i *interrupts) Read(p []byte) (int, error) {
	if len(i.rest) == 0 {
		buf := make([]byte, len(p))
		n, err := i.r.Read(buf)
		if n == 0 {
			return 0, err
		}
		for _, c := range buf[:n] {
			if c == ctrlC {
				i.rest = append(i.rest, ctrlU, '\r')
			} else {
				i.rest = append(i.rest, c)
			}
		}
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	return n, nil
}
