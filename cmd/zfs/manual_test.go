package zfs

import (
	"regexp"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// rows of the manual's table of native properties: names, effect, note.
var rows = regexp.MustCompile("(?m)^\\| (`[^|]*`) \\| (acts|kept|fixed|read) \\|(.*)\\|$")

// What the manual says that a property does is what the code has it do, of
// every property.
func TestManual_properties(t *testing.T) {
	said := map[string]string{}
	note := map[string]string{}
	for _, row := range rows.FindAllStringSubmatch(Manual, -1) {
		for name := range strings.SplitSeq(row[1], ", ") {
			name = strings.Trim(name, "`")
			if said[name] != "" {
				t.Errorf("%s stands there twice", name)
			}
			said[name], note[name] = row[2], strings.TrimSpace(row[3])
		}
	}
	for _, p := range dataset.Properties() {
		want := "acts"
		switch {
		case p.Change == dataset.ReadOnly:
			want = "read"
		case p.Effect == dataset.Stored:
			want = "kept"
		case p.Effect == dataset.Fixed:
			want = "fixed"
			if !strings.HasPrefix(note[p.Name], p.Default) {
				t.Errorf("%s is fixed as %s, the manual says %q", p.Name, p.Default, note[p.Name])
			}
		}
		if said[p.Name] != want {
			t.Errorf("%s: the manual says %q, it is %q", p.Name, said[p.Name], want)
		}
		delete(said, p.Name)
	}
	for name := range said {
		if dataset.Lookup(name) == nil {
			t.Errorf("%s of the manual is no property", name)
		}
	}
}

// What is fixed refuses everything else, what is kept is accepted.
func TestProperties_asTheTableSays(t *testing.T) {
	for _, p := range dataset.Properties() {
		of := dataset.Filesystem
		if !p.Has(of) {
			of = dataset.Volume
		}
		if p.Change == dataset.ReadOnly || !p.Has(of) {
			continue
		}
		for _, value := range p.Values {
			_, _, err := dataset.CheckSet(p.Name, value, of, true)
			if refused := p.Effect == dataset.Fixed && value != p.Default; refused != (err != nil) && !(p.Name == "acltype" && value == "posixacl") {
				t.Errorf("%s=%s: %v", p.Name, value, err)
			}
		}
	}
}
