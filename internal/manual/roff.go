package manual

import (
	"fmt"
	"io"
	"strings"
)

// Roff sets a manual as a page of section 8 for man(1).
func Roff(w io.Writer, name, version, markdown string) error {
	r := roff{}
	fmt.Fprintf(&r.out, ".TH %s 8 \"\" \"smartbox %s\" \"System Administration\"\n", quote(strings.ToUpper(name)), escape(version))
	fmt.Fprintf(&r.out, ".nh\n.ad l\n")
	for _, b := range parse(markdown) {
		r.block(b)
	}
	_, err := io.WriteString(w, r.out.String())
	return err
}

type roff struct{ out strings.Builder }

func (r *roff) block(b block) {
	switch b.kind {
	case heading:
		r.heading(b)
	case paragraph:
		r.out.WriteString(".PP\n" + r.line(b.text))
	case item:
		r.item(b)
	case code:
		r.out.WriteString(".PP\n.RS 4\n.nf\n")
		for _, line := range b.lines {
			r.out.WriteString(guard(escape(line)) + "\n")
		}
		r.out.WriteString(".fi\n.RE\n")
	case table:
		r.table(b.rows)
	}
}

// heading leaves out the page's own title, which .TH has said.
func (r *roff) heading(b block) {
	switch b.level {
	case 1:
	case 2:
		r.out.WriteString(".SH " + quote(plain(b.text)) + "\n")
	default:
		r.out.WriteString(".SS " + quote(plain(b.text)) + "\n")
	}
}

func (r *roff) item(b block) {
	marker := `\(bu`
	if b.marker != "*" {
		marker = b.marker
	}
	if b.level > 0 {
		fmt.Fprintf(&r.out, ".RS %d\n", 4*b.level)
	}
	for i, part := range strings.Split(b.text, "\n") {
		if i == 0 {
			fmt.Fprintf(&r.out, ".IP %s 4\n", marker)
		} else {
			r.out.WriteString(".IP \"\" 4\n")
		}
		r.out.WriteString(r.line(part))
	}
	if b.level > 0 {
		r.out.WriteString(".RE\n")
	}
}

// table becomes tagged paragraphs: the first cell is the tag.
func (r *roff) table(rows [][]string) {
	for _, row := range rows[1:] {
		r.out.WriteString(".TP\n" + r.line("**"+plain(row[0])+"**"))
		var rest []string
		for i, cell := range row[1:] {
			if cell == "" {
				continue
			}
			if len(row) > 2 && i+1 < len(rows[0]) {
				cell = "*" + plain(rows[0][i+1]) + "*: " + cell
			}
			rest = append(rest, cell)
		}
		r.out.WriteString(r.line(strings.Join(rest, "; ")))
	}
}

// line is one input line of roff with its faces.
func (r *roff) line(text string) string {
	var b strings.Builder
	for _, s := range spans(text) {
		b.WriteString([]string{roman: "", bold: `\fB`, italic: `\fI`}[s.face])
		b.WriteString(escape(s.text))
		if s.face != roman {
			b.WriteString(`\fR`)
		}
	}
	return guard(b.String()) + "\n"
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`, "`", `\(ga`).Replace(s)
}

// guard keeps a line that begins with a dot from being a request.
func guard(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}

func quote(s string) string { return `"` + strings.ReplaceAll(escape(s), `"`, `\(dq`) + `"` }
