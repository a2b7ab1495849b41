package manual

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sample = "# tool(8)\n\n## NAME\n\ntool - do *things* with a snake_case word\n\n" +
	"## OPTIONS\n\n* `-f FILE`, read FILE,\n  which may be long\n\n  and more of it\n* `-x`\n  - deeper\n\n" +
	"1. first\n2. second\n\n    # tool -f x\n    .dot\n\n```\nfenced  text\n```\n\n" +
	"| name | what |\n|---|---|\n| `a` | the a \\| b |\n| bb | **bold** |\n\n### Sub\n\nlast *open\n"

func TestText(t *testing.T) {
	var out bytes.Buffer
	if err := Text(&out, sample, 40, false); err != nil {
		t.Fatal(err)
	}
	want := `tool(8)

NAME

    tool - do things with a snake_case
    word

OPTIONS

    * -f FILE, read FILE, which may be
      long
      and more of it
    * -x
      * deeper
    1. first
    2. second

        # tool -f x
        .dot

        fenced  text

    name  what
    ------------------------------------
    a     the a | b
    bb    bold

  Sub

    last *open
`
	if got := out.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestText_fancyMarksFaces(t *testing.T) {
	var out bytes.Buffer
	if err := Text(&out, "a *b* `c`\n", 80, true); err != nil {
		t.Fatal(err)
	}
	if want := "    a \x1b[4mb\x1b[0m \x1b[1mc\x1b[0m\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestRoff(t *testing.T) {
	var out bytes.Buffer
	if err := Roff(&out, "tool", "1", sample); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		".TH \"TOOL\" 8 \"\" \"smartbox 1\"", ".SH \"NAME\"\n.PP\ntool \\- do \\fIthings\\fR with",
		".IP \\(bu 4\n\\fB\\-f FILE\\fR, read", "\\&.dot\n", ".TP\n\\fBa\\fR\nthe a | b\n", ".SS \"Sub\"", ".IP 1. 4\nfirst",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// The manuals hold no construct that the reader takes for text.
func TestManuals_leaveNoMarks(t *testing.T) {
	pages, err := filepath.Glob("../../cmd/*/*.8.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no manuals found: %v", err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range parse(string(text)) {
			if b.kind != code && strings.Contains(plain(b.text), "**") {
				t.Errorf("%s: a mark is left in %q", page, b.text)
			}
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(sample)
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		if err := Text(&out, text, 60, true); err != nil {
			t.Fatal(err)
		}
		if err := Roff(&out, "x", "1", text); err != nil {
			t.Fatal(err)
		}
	})
}
