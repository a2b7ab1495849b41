// Package strictjson decodes JSON that people and programs of others wrote.
// What encoding/json lets pass is an error here, with its place: unknown and
// duplicate keys, keys in the wrong case, trailing data, NUL bytes, invalid
// UTF-8, endless nesting. It decodes in one pass and is faster for it. It
// encodes nothing.
package strictjson

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// MaxDepth is how deep arrays and objects may nest.
const MaxDepth = 64

// Error says what is wrong and where.
type Error struct {
	Path   string // nics[0].ip, empty for the whole
	Line   int
	Column int // in bytes
	Reason string
}

func (e *Error) Error() string {
	where := fmt.Sprintf("line %d column %d: ", e.Line, e.Column)
	if e.Path != "" {
		where += e.Path + ": "
	}
	return where + e.Reason
}

// ErrTooBig says that an input has more bytes than it may have.
var ErrTooBig = errors.New("too big")

// Read reads all of r, at most limit bytes.
func Read(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: at most %d bytes are possible", ErrTooBig, limit)
	}
	return data, nil
}

// Unmarshal decodes the one value in data into what v points to: structs by
// their json tags, slices, maps with string keys, pointers, strings, booleans,
// numbers, types with UnmarshalJSON or UnmarshalText, and any (objects become
// map[string]any and numbers json.Number). A null leaves its target zero.
// After an error v is undefined.
func Unmarshal(data []byte, v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return fmt.Errorf("decode JSON into %T: not a pointer", v)
	}
	d := decoder{s: string(data)}
	d.space()
	err := d.value(target.Elem())
	if err == nil {
		d.space()
		if d.i < len(d.s) {
			err = d.fail("more data after the end of the value")
		}
	}
	return err
}

// decoder is one pass over the text. Strings without escapes are parts of it.
type decoder struct {
	s    string
	i    int
	path []step // one for each open array or object
}

// step is one level of the path: a key, or an index when key is empty.
type step struct {
	key   string
	index int
}

var between = step{index: -1} // neither

// fail is an error at the current place.
func (d *decoder) fail(format string, args ...any) error {
	return d.failAt(d.i, format, args...)
}

func (d *decoder) failAt(at int, format string, args ...any) error {
	before := d.s[:min(at, len(d.s))]
	return &Error{
		Path:   d.where(),
		Line:   1 + strings.Count(before, "\n"),
		Column: len(before) - strings.LastIndexByte(before, '\n'),
		Reason: fmt.Sprintf(format, args...),
	}
}

func (d *decoder) where() string {
	var b strings.Builder
	for _, s := range d.path {
		switch {
		case s == between:
		case s.key == "":
			fmt.Fprintf(&b, "[%d]", s.index)
		case b.Len() == 0:
			b.WriteString(s.key)
		default:
			b.WriteString("." + s.key)
		}
	}
	return b.String()
}

func (d *decoder) space() {
	for d.i < len(d.s) {
		switch d.s[d.i] {
		case ' ', '\t', '\n', '\r':
			d.i++
		default:
			return
		}
	}
}

// next skips blanks and eats c if it is there.
func (d *decoder) next(c byte) bool {
	d.space()
	if d.i < len(d.s) && d.s[d.i] == c {
		d.i++
		return true
	}
	return false
}

// unexpected is the error for whatever stands here instead of want.
func (d *decoder) unexpected(want string) error {
	if d.i >= len(d.s) {
		return d.fail("the text ends where %s should be", want)
	}
	if d.s[d.i] == 0 {
		return d.fail("a NUL byte")
	}
	return d.fail("%q where %s should be", []rune(d.s[d.i:min(len(d.s), d.i+4)])[0], want)
}

func (d *decoder) literal(word string) bool {
	if strings.HasPrefix(d.s[d.i:], word) {
		d.i += len(word)
		return true
	}
	return false
}
