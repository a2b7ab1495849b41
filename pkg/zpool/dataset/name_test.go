package dataset

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	for _, c := range []struct {
		name string
		t    Type
		want string // part of the error, empty when the name is fine
	}{
		{"zones", Filesystem, ""},
		{"zones/a", Filesystem, ""},
		{"zones/a-b_c.d:e f/9", Filesystem, ""},
		{"zones/a@s", Snapshot, ""},
		{"zones@s", Snapshot, ""},
		{"zones/a", Snapshot, "missing '@' delimiter"},
		{"zones/a@s", Filesystem, "'@' is not expected"},
		{"zones/a@s@t", Snapshot, "multiple '@'"},
		{"zones/a@", Snapshot, "empty component"},
		{"", Filesystem, "empty component"},
		{"/zones", Filesystem, "leading slash"},
		{"zones/", Filesystem, "trailing slash"},
		{"zones//a", Filesystem, "empty component"},
		{"zones/.", Filesystem, "self reference"},
		{"zones/..", Filesystem, "parent reference"},
		{"zones/../x", Filesystem, "parent reference"},
		{"zones/a&b", Filesystem, "invalid character '&'"},
		{"zones/a%b", Filesystem, "invalid character '%'"},
		{"zones/a\nb", Filesystem, "invalid character"},
		{"zones/ä", Filesystem, "invalid character"},
		{"9zones/a", Filesystem, "begin with a letter"},
		{"zones/" + strings.Repeat("x", 250), Filesystem, "too long"},
		{"zones" + strings.Repeat("/x", 50), Filesystem, "too deep"},
	} {
		err := CheckName(c.name, c.t)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%q: %v; want %q", c.name, err, c.want)
		case c.want != "" && !errors.Is(err, ErrBadName):
			t.Errorf("%q: %v is not ErrBadName", c.name, err)
		}
	}
}

func TestCheckPoolName(t *testing.T) {
	for name, want := range map[string]string{
		"zones": "", "logs": "", "mirror": "reserved", "raidz1": "reserved", "log": "reserved", "spare2": "reserved",
		"a/b": "invalid character '/'", "a@b": "invalid character '@'", "9a": "begin with a letter",
	} {
		err := CheckPoolName(name)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v; want %q", name, err, want)
		}
	}
}

func TestIsBelow(t *testing.T) {
	for _, c := range []struct {
		name, root string
		want       bool
	}{
		{"zones/a", "zones", true},
		{"zones@s", "zones", true},
		{"zones", "zones", false},
		{"zones/ab", "zones/a", false},
		{"zones/a-b", "zones/a", false},
		{"zones/a/b@s", "zones/a", true},
	} {
		if got := IsBelow(c.name, c.root); got != c.want {
			t.Errorf("IsBelow(%q, %q) = %v", c.name, c.root, got)
		}
	}
}

func FuzzCheckName(f *testing.F) {
	f.Add("zones/a@s", true)
	f.Add("zones/..", false)
	f.Fuzz(func(t *testing.T, name string, snap bool) {
		kind := Filesystem
		if snap {
			kind = Snapshot
		}
		if CheckName(name, kind) != nil {
			return
		}
		for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '@' }) {
			if part == ".." || part == "." || part == "" {
				t.Errorf("%q was taken", name)
			}
		}
		if PoolOf(name) == "" || strings.ContainsAny(name, "\x00\n\t") || len(name) > maxName {
			t.Errorf("%q was taken", name)
		}
	})
}
