package term

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestEscapes(t *testing.T) {
	for typed, want := range map[string]string{
		"ls\n~.rest":     "ls\n|left",
		"~.":             "|left",
		"ls ~.\n":        "ls ~.\n|EOF",
		"a\r~~.\n":       "a\r~.\n|EOF",
		"~x\n":           "~x\n|EOF",
		"~\x1ax\n":       "<suspended>x\n|EOF",
		"\n~\n~.":        "\n~\n|left",
		"~":              "~|EOF",
		"binary\x00\xff": "binary\x00\xff|EOF",
	} {
		for _, wrap := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader} {
			var out strings.Builder
			e := &Escapes{In: wrap(strings.NewReader(typed)), Char: '~', Suspend: func() { out.WriteString("<suspended>") }}
			_, err := io.Copy(&out, e)
			end := "|EOF"
			if errors.Is(err, ErrLeft) {
				end = "|left"
			}
			if got := out.String() + end; got != want {
				t.Errorf("%q: got %q, want %q", typed, got, want)
			}
		}
	}
}

func TestEscapes_off(t *testing.T) {
	var out strings.Builder
	if _, err := io.Copy(&out, &Escapes{In: strings.NewReader("~.\n"), Off: true}); err != nil || out.String() != "~.\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestParseEscape(t *testing.T) {
	for s, want := range map[string]int{"~": '~', "^]": 0x1d, "^a": 1, "^?": 0x7f, "": -1, "ab": -1, "^": '^'} {
		got, err := ParseEscape(s)
		if want < 0 && err == nil || want >= 0 && (err != nil || int(got) != want) {
			t.Errorf("%q: %#x, %v", s, got, err)
		}
	}
}
