package probe

import (
	"path"
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"open*", "openat", true},
		{"*at", "openat", true},
		{"o*n*t", "openat", true},
		{"o*x", "openat", false},
		{"?pen", "open", true},
		{"?pen", "pen", false},
		{"[a-o]pen", "open", true},
		{"[!a-n]pen", "open", true},
		{"[!o]pen", "open", false},
		{`\*`, "*", true},
		{`\*`, "x", false},
		{"[]]", "]", true},
		{"[", "[", true},
		{"**", "", true},
		{"", "", true},
		{"a", "", false},
		{"[a-", "[a-", true},
		{`a\`, `a\`, true},
	} {
		if got := glob(c.pattern, c.s); got != c.want {
			t.Errorf("glob(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
}

// FuzzGlob compares with path.Match where both speak the same language.
func FuzzGlob(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("*[", "x[")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		got := glob(pattern, s)
		if strings.ContainsAny(pattern, `[]\/`) || strings.Contains(s, "/") || strings.ToValidUTF8(pattern+s, "?") != pattern+s || len(s) != len([]rune(s)) {
			return
		}
		if want, err := path.Match(pattern, s); err == nil && got != want {
			t.Errorf("glob(%q, %q) = %v", pattern, s, got)
		}
	})
}

func TestParseRate(t *testing.T) {
	for s, want := range map[string]int64{
		"97": -97, "5000hz": -5000, "200us": 200_000, "1ms": 1e6, "7s": 7e9, "2min": 120e9, "1d": 86400e9,
		"5001": 0, "199us": 0, "0": 0, "-1": 0, "1x": 0, "": 0, "99999999999999999999": 0, "9999999999999999s": 0,
	} {
		got, ok := parseRate(s)
		if ok != (want != 0) || ok && got != want {
			t.Errorf("parseRate(%q) = %d, %v; want %d", s, got, ok, want)
		}
	}
}

func TestMatch(t *testing.T) {
	db, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for desc, want := range map[string]string{
		"BEGIN":                  "dtrace:::BEGIN",
		"dtrace:::E*":            "dtrace:::END dtrace:::ERROR",
		"syscall::openat:return": "syscall:vmlinux:openat:return",
		"openat:entry":           "syscall:vmlinux:openat:entry",
		"tick-7s":                "profile:::tick-7s",
		"profile:::profile-97":   "profile:::profile-97",
		"nosuch":                 "",
		"tick-1us":               "",
	} {
		found, err := db.Match(desc)
		var names []string
		for _, p := range found {
			names = append(names, p.String())
			if db.ByID(uint64(p.ID)) != p {
				t.Errorf("probe %d is not found by its id", p.ID)
			}
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", desc, got, err, want)
		}
	}
	if _, err := db.Match("a:b:c:d:e"); err == nil {
		t.Error("five parts were accepted")
	}
	all, _ := db.Match("syscall:::")
	if len(all) < 600 {
		t.Errorf("only %d syscall probes", len(all))
	}
}
