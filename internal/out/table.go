// Package out prints lists the way the original tools print them: plain
// columns for people, delimited fields for scripts. What a column holds is the
// tool's business.
package out

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Column is one column of a human list.
type Column struct {
	Header string
	Width  int  // least width; 0 lets the widest cell decide
	Right  bool // flush right
}

// Table prints rows in columns, separated by Gap (two spaces when empty),
// blanks at the end of a line cut.
type Table struct {
	Columns  []Column
	Gap      string
	NoHeader bool
}

// Write prints the header and all rows. Cells longer than their column are
// never cut.
func (t Table) Write(w io.Writer, rows [][]string) error {
	widths := t.widths(rows)
	var b strings.Builder
	if !t.NoHeader {
		header := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			header[i] = c.Header
		}
		t.line(&b, widths, header)
	}
	for _, row := range rows {
		t.line(&b, widths, row)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Table) widths(rows [][]string) []int {
	widths := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		widths[i] = c.Width
		if c.Width > 0 {
			continue
		}
		if !t.NoHeader {
			widths[i] = utf8.RuneCountInString(c.Header)
		}
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	return widths
}

func (t Table) line(b *strings.Builder, widths []int, cells []string) {
	gap := t.Gap
	if gap == "" {
		gap = "  "
	}
	var l strings.Builder
	for i, cell := range cells {
		if i > 0 {
			l.WriteString(gap)
		}
		pad := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell)))
		if t.Columns[i].Right {
			l.WriteString(pad + cell)
		} else {
			l.WriteString(cell + pad)
		}
	}
	b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
}

// Fields prints rows for scripts: no header, cells joined by delim.
func Fields(w io.Writer, delim string, rows [][]string) error {
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(strings.Join(row, delim) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Escape puts a backslash before the delimiter and before backslashes, as
// dladm -p, nictagadm -p and zoneadm list -p do.
func Escape(cell, delim string) string {
	return strings.NewReplacer(`\`, `\\`, delim, `\`+delim).Replace(cell)
}
