package lang

import (
	"strconv"
	"strings"
)

// Pragma is a control line that means something: #pragma D NAME ARGS, kept as
// words; strings are without their quotes.
type Pragma struct {
	Pos   Pos
	Words []string // "D", "option", "quiet"
	Upto  int      // declarations that stood before it
}

// control reads a line that begins with '#': #!, #line and # N "file" as cpp
// leaves them, #pragma, #error, #ident.
func (l *lexer) control() error {
	line := l.src[l.at:]
	if strings.TrimRight(line, " \t") == "#pragma" { // and nothing behind it
		return Errorf(l.pos, TagSyntax, "end-of-file encountered before end of control line")
	}
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	pos := l.pos
	defer l.advance(len(line))
	if strings.HasPrefix(line, "#!") {
		return nil
	}
	words, err := controlWords(pos, line[1:])
	if err != nil || len(words) == 0 {
		return err
	}
	switch name := words[0]; {
	case name == "line":
		return l.setLine(pos, words[1:])
	case name != "" && isDigit(name[0]):
		return l.setLine(pos, words)
	case name == "ident":
		return nil
	case name == "error":
		return Errorf(pos, TagPragErr, "#error: %s", strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line[1:]), "error")))
	case name == "pragma":
		p := Pragma{Pos: pos, Words: words[1:]}
		l.pragmas = append(l.pragmas, p)
		if l.opts.OnPragma == nil {
			return nil
		}
		return l.opts.OnPragma(p, l.opts)
	}
	return Errorf(pos, TagPragInvalid, "invalid control directive: #%s", words[0])
}

// maxLineWords are a number, a file's name and the four flags that GNU's
// preprocessor may add.
const maxLineWords = 6

// setLine makes the next line be N of FILE.
func (l *lexer) setLine(pos Pos, words []string) error {
	if len(words) == 0 || len(words) > maxLineWords {
		return Errorf(pos, TagPragInvalid, "malformed line number directive")
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 0 {
		return Errorf(pos, TagPragInvalid, "malformed line number directive: %q is no number", words[0])
	}
	l.pos.Line = n - 1 // the line feed to come makes it n
	if len(words) > 1 {
		l.pos.File = words[1]
	}
	return nil
}

// controlWords splits a control line into words, strings and punctuation.
func controlWords(pos Pos, line string) ([]string, error) {
	var words []string
	for {
		line = strings.TrimLeft(line, "\f\r\t\v ")
		if line == "" {
			return words, nil
		}
		n, word := 0, ""
		switch line[0] {
		case '"':
			end := strings.IndexByte(line[1:], '"')
			if end < 0 {
				return nil, Errorf(pos, TagStrNL, "newline encountered in string literal")
			}
			n, word = end+2, unescape(line[1:end+1])
		default:
			if n = strings.IndexAny(line, "\f\r\t\v \""); n < 0 {
				n = len(line)
			}
			word = line[:n]
		}
		words = append(words, word)
		line = line[n:]
	}
}
