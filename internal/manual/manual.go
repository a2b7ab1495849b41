// Package manual reads the small Markdown in which the tools' manuals are
// written and sets it for a terminal or as roff for man(1). It knows headings,
// paragraphs, lists, tables, code and the three kinds of emphasis; it is no
// general Markdown reader.
package manual

import (
	"regexp"
	"strings"
	"sync"
)

type kind int

const (
	heading   kind = iota // text, level
	paragraph             // text
	item                  // text, marker
	code                  // lines
	table                 // rows
)

// block is one piece of a manual; inline marks are still in its text.
type block struct {
	kind   kind
	level  int    // of a heading, of an item's nesting
	marker string // of an item: "*" or "1."
	text   string
	lines  []string
	rows   [][]string
}

var itemLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^( *)([*-]|[0-9]+\.) +(.*)$`)
})

// parse cuts Markdown into blocks.
func parse(text string) []block {
	p := parser{lines: strings.Split(strings.ReplaceAll(text, "\t", "    "), "\n")}
	for p.more() {
		p.block()
	}
	return p.blocks
}

type parser struct {
	lines  []string
	blocks []block
}

func (p *parser) more() bool { return len(p.lines) > 0 }

func (p *parser) next() string {
	line := p.lines[0]
	p.lines = p.lines[1:]
	return strings.TrimRight(line, " \r")
}

func (p *parser) add(b block) { p.blocks = append(p.blocks, b) }

func (p *parser) block() {
	line := p.next()
	level := len(line) - len(strings.TrimLeft(line, "#"))
	switch m := itemLine().FindStringSubmatch(line); {
	case line == "":
	case level > 0 && level < 5 && strings.HasPrefix(line[level:], " "):
		p.add(block{kind: heading, level: level, text: strings.TrimSpace(line[level:])})
	case strings.HasPrefix(line, "```"):
		p.fenced()
	case m != nil && (len(m[1]) < 4 || p.inList()):
		marker := m[2]
		if marker == "-" {
			marker = "*"
		}
		p.add(block{kind: item, level: min(len(m[1])/2, 3), marker: marker, text: p.flow(m[3])})
	case strings.HasPrefix(line, "    ") && !p.nested():
		p.indented(line)
	case strings.HasPrefix(line, "|"):
		p.table(line)
	default:
		p.text(line)
	}
}

// inList reports whether the block before is an item, so that an indented line
// goes on with it.
func (p *parser) inList() bool {
	return len(p.blocks) > 0 && p.blocks[len(p.blocks)-1].kind == item
}

// nested reports whether the block before is an item of an item, whose
// paragraphs are indented as far as code.
func (p *parser) nested() bool {
	return p.inList() && p.blocks[len(p.blocks)-1].level > 0
}

// text is a paragraph; an indented one after an item belongs to the item.
func (p *parser) text(line string) {
	if strings.HasPrefix(line, "  ") && p.inList() {
		last := &p.blocks[len(p.blocks)-1]
		last.text += "\n" + p.flow(strings.TrimSpace(line))
		return
	}
	p.add(block{kind: paragraph, text: p.flow(line)})
}

// flow joins the lines of a paragraph.
func (p *parser) flow(first string) string {
	words := []string{strings.TrimSpace(first)}
	for p.more() {
		line := p.lines[0]
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "```") ||
			strings.HasPrefix(line, "|") || itemLine().MatchString(line) {
			break
		}
		words = append(words, trimmed)
		p.next()
	}
	return strings.Join(words, " ")
}

func (p *parser) fenced() {
	b := block{kind: code}
	for p.more() {
		line := p.next()
		if strings.HasPrefix(line, "```") {
			break
		}
		b.lines = append(b.lines, line)
	}
	p.add(b)
}

func (p *parser) indented(first string) {
	b := block{kind: code, lines: []string{first[4:]}}
	for p.more() && (strings.HasPrefix(p.lines[0], "    ") || strings.TrimSpace(p.lines[0]) == "") {
		b.lines = append(b.lines, strings.TrimPrefix(p.next(), "    "))
	}
	for b.lines[len(b.lines)-1] == "" {
		b.lines = b.lines[:len(b.lines)-1]
	}
	p.add(b)
}

func (p *parser) table(first string) {
	b := block{kind: table, rows: [][]string{cells(first)}}
	for p.more() && strings.HasPrefix(p.lines[0], "|") {
		line := p.next()
		if strings.Trim(line, "|-: ") != "" {
			b.rows = append(b.rows, cells(line))
		}
	}
	p.add(b)
}

// cells cuts a table row; `\|` is a bar in a cell.
func cells(line string) []string {
	line = strings.ReplaceAll(strings.Trim(strings.TrimSpace(line), "|"), `\|`, "\x00")
	row := strings.Split(line, "|")
	for i, c := range row {
		row[i] = strings.TrimSpace(strings.ReplaceAll(c, "\x00", "|"))
	}
	return row
}
