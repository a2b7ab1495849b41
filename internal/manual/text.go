package manual

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const margin = 4

// Text sets a manual for a screen of the given width; with fancy, headings and
// emphasis carry terminal attributes.
func Text(w io.Writer, markdown string, width int, fancy bool) error {
	t := setter{width: max(min(width, 100), 40), fancy: fancy}
	for _, b := range parse(markdown) {
		t.block(b)
	}
	_, err := io.WriteString(w, t.out.String())
	return err
}

type setter struct {
	out   strings.Builder
	width int
	fancy bool
	last  kind
}

func (t *setter) block(b block) {
	if t.out.Len() > 0 && (b.kind != item || t.last != item) {
		t.out.WriteByte('\n')
	}
	t.last = b.kind
	switch b.kind {
	case heading:
		indent := 0
		if b.level > 2 {
			indent = margin / 2
		}
		fmt.Fprintf(&t.out, "%*s%s\n", indent, "", t.in(bold, plain(b.text)))
	case paragraph:
		t.fill(b.text, margin, "")
	case item:
		for i, part := range strings.Split(b.text, "\n") {
			lead := b.marker + " "
			if i > 0 {
				lead = strings.Repeat(" ", len(lead))
			}
			t.fill(part, margin+2*b.level, lead)
		}
	case code:
		for _, line := range b.lines {
			t.out.WriteString(strings.TrimRight(strings.Repeat(" ", 2*margin)+line, " ") + "\n")
		}
	case table:
		t.table(b.rows)
	}
}

func (t *setter) in(f face, s string) string {
	switch {
	case !t.fancy || f == roman:
		return s
	case f == bold:
		return "\x1b[1m" + s + "\x1b[0m"
	}
	return "\x1b[4m" + s + "\x1b[0m"
}

// fill breaks a text into lines; lead stands before the first one.
func (t *setter) fill(text string, indent int, lead string) {
	column := indent + len(lead)
	t.out.WriteString(strings.Repeat(" ", indent) + lead)
	at := column
	for i, word := range t.words(text) {
		n := utf8.RuneCountInString(word.bare)
		switch {
		case i == 0:
		case at+1+n > t.width:
			t.out.WriteString("\n" + strings.Repeat(" ", column))
			at = column
		default:
			t.out.WriteByte(' ')
			at++
		}
		t.out.WriteString(word.set)
		at += n
	}
	t.out.WriteByte('\n')
}

// word is what may not be broken, with and without attributes.
type word struct{ bare, set string }

func (t *setter) words(text string) []word {
	words := []word{{}}
	for _, s := range spans(text) {
		for i, part := range strings.Split(s.text, " ") {
			if i > 0 {
				words = append(words, word{})
			}
			if part != "" {
				last := &words[len(words)-1]
				last.bare += part
				last.set += t.in(s.face, part)
			}
		}
	}
	kept := words[:0]
	for _, w := range words {
		if w.bare != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

// table sets rows in columns; the last column is filled.
func (t *setter) table(rows [][]string) {
	widths := columnWidths(rows)
	for n, row := range rows {
		indent := margin
		var lead strings.Builder
		for i, cell := range row {
			text := plain(cell)
			if i == len(row)-1 {
				t.fill(cell, indent, lead.String())
				break
			}
			pad := strings.Repeat(" ", max(widths[i]-utf8.RuneCountInString(text), 0)+2)
			lead.WriteString(text + pad)
		}
		if n == 0 {
			t.out.WriteString(strings.Repeat(" ", margin) + strings.Repeat("-", t.width-margin) + "\n")
		}
	}
}

func columnWidths(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(plain(cell)))
		}
	}
	return widths
}
