package vmadm

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/vm"
)

const (
	propertiesHead = "## PROPERTIES\n"
	propertiesEnd  = "\n## FILES\n"
)

// The properties in the manual are those of the table. UPDATE=1 writes them.
func TestManual_hasTheTableOfProperties(t *testing.T) {
	before, rest, ok := strings.Cut(Manual, propertiesHead)
	intro, tail, ok2 := strings.Cut(rest, propertiesEnd)
	if !ok || !ok2 {
		t.Fatal("the manual has no sections PROPERTIES and FILES")
	}
	intro, listed, _ := strings.Cut(intro, "\n* ")
	want := strings.TrimPrefix(propertyItems(), "* ")
	if strings.TrimRight(listed, "\n") == strings.TrimRight(want, "\n") {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Error("the properties in vmadm.8.md are not those of pkg/vm; run the test with UPDATE=1")
		return
	}
	text := before + propertiesHead + strings.TrimRight(intro, "\n") + "\n\n* " + want + propertiesEnd + tail
	if err := os.WriteFile("vmadm.8.md", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func propertyItems() string {
	var b strings.Builder
	for _, p := range vm.Properties() {
		fmt.Fprintf(&b, "* **%s** (%s).\n", p.Name, strings.Join(traits(p), "; "))
		for _, line := range wrap(sentences(p)) {
			b.WriteString("  " + line + "\n")
		}
	}
	return b.String()
}

func traits(p vm.Property) []string {
	traits := []string{string(p.Type)}
	if uses := strings.Join(usage(p.Use), ", "); uses != "" {
		traits = append(traits, uses)
	}
	return append(traits, map[vm.Effect]string{
		vm.NextBoot: "takes effect at the next boot", vm.Never: "no effect here", vm.Derived: "read only",
		vm.Live: "takes effect live", vm.Fixed: "fixed", vm.CreateOnly: "takes effect at create",
	}[p.Effect])
}

func usage(use string) []string {
	var uses []string
	for part := range strings.FieldsSeq(use) {
		brands, actions, _ := strings.Cut(part, ":")
		text := ""
		for i, r := range actions {
			if i > 0 {
				text += "/"
			}
			text += map[rune]string{'c': "create", 'r': "receive", 'u': "update", 'a': "add"}[r]
		}
		if brands != "all" {
			names := map[rune]string{'J': "joyent", 'M': "joyent-minimal", 'U': "builder", 'L': "lx", 'K': "kvm", 'B': "bhyve"}
			text += " for"
			for _, r := range brands {
				text += " " + names[r]
			}
		}
		uses = append(uses, text)
	}
	return uses
}

func sentences(p vm.Property) string {
	text := p.Doc
	if p.Min != nil && p.Max != nil {
		text += fmt.Sprintf(" From %d to %d.", *p.Min, *p.Max)
	} else if p.Min != nil && *p.Min != 0 {
		text += fmt.Sprintf(" At least %d.", *p.Min)
	}
	if p.Default != "" {
		text += " Default: `" + p.Default + "`."
	}
	if p.Linux != "" {
		text += " On Linux: " + p.Linux + "."
	}
	if p.Pending && !strings.Contains(p.Linux, "not yet") {
		text += " Not yet supported on this host."
	}
	return text
}

func wrap(text string) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 78 {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return append(lines, line)
}
