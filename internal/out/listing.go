package out

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Listing prints the columns that a user chose with -o, the way dladm, flowadm
// and their kin do: a column's width holds the gap after it, and what is too
// long for its column takes room from those that follow.
type Listing struct {
	Columns  []Column
	Choice   string // names with commas between, in any case; empty or "all" for all
	Parsable bool   // -p: no header, colons between, escaped
	// Bare lets -p do without -o.
	Bare bool
}

// Choose checks the choice and returns the indices of the chosen columns.
func (l Listing) Choose() ([]int, error) {
	isAll := strings.EqualFold(l.Choice, "all")
	switch {
	case l.Parsable && isAll:
		return nil, fmt.Errorf("output field `all' invalid in parsable mode")
	case l.Parsable && l.Choice == "" && !l.Bare:
		return nil, fmt.Errorf("output fields must be specified in parsable mode")
	case isAll || l.Choice == "":
		all := make([]int, len(l.Columns))
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	var chosen []int
	for word := range strings.SplitSeq(l.Choice, ",") {
		i := l.index(word)
		if i < 0 {
			return nil, fmt.Errorf("unknown output field `%s'", word)
		}
		chosen = append(chosen, i)
	}
	return chosen, nil
}

func (l Listing) index(word string) int {
	for i, c := range l.Columns {
		if strings.EqualFold(c.Header, word) {
			return i
		}
	}
	return -1
}

// Write prints rows that have a cell for every column; an empty cell is
// unset.
func (l Listing) Write(w io.Writer, rows [][]string) error {
	chosen, err := l.Choose()
	if err != nil {
		return err
	}
	var b strings.Builder
	if !l.Parsable {
		header := make([]string, len(l.Columns))
		for i, c := range l.Columns {
			header[i] = c.Header
		}
		l.human(&b, chosen, header)
	}
	for _, row := range rows {
		if l.Parsable {
			parsable(&b, chosen, row)
		} else {
			l.human(&b, chosen, row)
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func (l Listing) human(b *strings.Builder, chosen []int, row []string) {
	debt := 0 // by how much the line runs over its columns
	for n, i := range chosen {
		cell := row[i]
		if cell == "" {
			cell = "--"
		}
		b.WriteString(cell)
		if n == len(chosen)-1 {
			break
		}
		pad := l.Columns[i].Width - utf8.RuneCountInString(cell) - debt
		debt = max(0, 1-pad)
		b.WriteString(strings.Repeat(" ", max(1, pad)))
	}
	b.WriteString("\n")
}

// parsable joins the chosen cells; a cell that stands alone needs no escapes.
func parsable(b *strings.Builder, chosen []int, row []string) {
	for n, i := range chosen {
		cell := row[i]
		if len(chosen) > 1 {
			cell = Escape(cell, ":")
		}
		if n > 0 {
			b.WriteString(":")
		}
		b.WriteString(cell)
	}
	b.WriteString("\n")
}
