package manual

import "strings"

type face int

const (
	roman  face = iota
	bold        // **word** and `code`
	italic      // *word* and _word_
)

// span is a run of text in one face.
type span struct {
	face face
	text string
}

// spans cuts a text at its inline marks. A mark that never closes is text.
func spans(text string) []span {
	var out []span
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			out = append(out, span{roman, plain.String()})
			plain.Reset()
		}
	}
	before := byte(' ')
	for text != "" {
		if text[0] == '\\' && len(text) > 1 && strings.IndexByte("\\`*_|<>#[]", text[1]) >= 0 {
			plain.WriteByte(text[1])
			before, text = text[1], text[2:]
			continue
		}
		if s, rest, ok := marked(text, before); ok {
			flush()
			out = append(out, s)
			before, text = 'x', rest
			continue
		}
		plain.WriteByte(text[0])
		before, text = text[0], text[1:]
	}
	flush()
	return out
}

// marked takes one marked run off the front of text.
func marked(text string, before byte) (span, string, bool) {
	for _, m := range []struct {
		mark string
		face face
	}{{"``", bold}, {"`", bold}, {"**", bold}, {"*", italic}, {"_", italic}} {
		rest, ok := strings.CutPrefix(text, m.mark)
		if !ok {
			continue
		}
		inner, after, ok := strings.Cut(rest, m.mark)
		if !ok || inner == "" || m.mark[0] != '`' && strings.TrimSpace(inner) != inner {
			return span{}, text, false
		}
		if m.mark == "_" && isWord(before) { // snake_case
			return span{}, text, false
		}
		return span{m.face, strings.Trim(inner, " ")}, after, true
	}
	return span{}, text, false
}

func isWord(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// plain is the text without its marks.
func plain(text string) string {
	var b strings.Builder
	for _, s := range spans(text) {
		b.WriteString(s.text)
	}
	return b.String()
}
