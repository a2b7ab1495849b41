package dataset

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestCheckSet(t *testing.T) {
	for _, c := range []struct {
		name, value string
		t           Type
		creating    bool
		want, err   string
	}{
		{"quota", "10G", Filesystem, false, "10737418240", ""},
		{"quota", "none", Filesystem, false, "0", ""},
		{"quota", "10G", Volume, false, "", "does not apply"},
		{"compress", "lz4", Filesystem, false, "lz4", ""},
		{"compression", "best", Filesystem, false, "", "must be one of"},
		{"recsize", "1M", Filesystem, false, "1048576", ""},
		{"recordsize", "3000", Filesystem, false, "", "power of 2"},
		{"mountpoint", "/a//b/", Filesystem, false, "/a/b", ""},
		{"mountpoint", "legacy", Filesystem, false, "legacy", ""},
		{"mountpoint", "a/b", Filesystem, false, "", "absolute path"},
		{"mountpoint", "/a\x00b", Filesystem, false, "", "no path"},
		{"used", "1", Filesystem, true, "", "is readonly"},
		{"name", "x", Filesystem, true, "", "invalid property"},
		{"nosuch", "x", Filesystem, true, "", "invalid property 'nosuch'"},
		{"casesensitivity", "sensitive", Filesystem, true, "sensitive", ""},
		{"casesensitivity", "sensitive", Filesystem, false, "", "is readonly"},
		{"copies", "1", Filesystem, false, "1", ""},
		{"copies", "2", Filesystem, false, "", "not supported"},
		{"acltype", "posixacl", Filesystem, false, "posix", ""},
		{"my:prop", "any\tthing", Snapshot, false, "any\tthing", ""},
		{"My:prop", "x", Filesystem, false, "", "invalid property"},
		{"my:prop", strings.Repeat("x", 9000), Filesystem, false, "", "too long"},
		{"volsize", "0", Volume, false, "", "cannot be zero"},
		{"refreservation", "auto", Volume, true, "auto", ""},
	} {
		_, got, err := CheckSet(c.name, c.value, c.t, c.creating)
		switch {
		case c.err == "" && (err != nil || got != c.want):
			t.Errorf("%s=%.20s: %q, %v; want %q", c.name, c.value, got, err, c.want)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s=%.20s: %v; want %q", c.name, c.value, err, c.err)
		case c.err != "" && !errors.Is(err, ErrProperty) && !errors.Is(err, ErrUnsupported):
			t.Errorf("%s=%.20s: %v is no sentinel", c.name, c.value, err)
		}
	}
}

func TestTable_isSound(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range Properties() {
		for _, name := range []string{p.Name, p.Short} {
			if name != "" && seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
		if p.Kind == Index && !slices.Contains(p.Values, p.Default) {
			t.Errorf("%s: the default %q is none of its values", p.Name, p.Default)
		}
		if p.Types == "" {
			t.Errorf("%s: no dataset has it", p.Name)
		}
	}
}

// The manual says of every property what it does.
func TestTable_isInTheManual(t *testing.T) {
	manual, err := os.ReadFile("../../../cmd/zfs/zfs.8.md")
	if err != nil {
		t.Fatal(err)
	}
	effects := map[Effect]string{Effective: "acts", Stored: "kept", Fixed: "fixed"}
	for _, p := range Properties() {
		want := effects[p.Effect]
		if p.Change == ReadOnly {
			want = "read"
		}
		row := ""
		for line := range strings.Lines(string(manual)) {
			if strings.HasPrefix(line, "| `") && strings.Contains(line, "`"+p.Name+"`") {
				row = line
			}
		}
		if cells := strings.Split(row, "|"); len(cells) < 3 || strings.TrimSpace(cells[2]) != want {
			t.Errorf("zfs.8.md says of %s: %q; want %q", p.Name, row, want)
		}
	}
}
