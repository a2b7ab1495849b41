package live

import (
	"strings"
	"testing"
)

// The expectations are what glibc's crypt(3) says.
func TestSHA512Crypt(t *testing.T) {
	for _, c := range []struct{ password, hash string }{
		{"secret", "$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG."},
		{"", "$6$saltstring$kyGrqt6gmjAdtFLPrflEFifSYLCWWq1pyx95SvqinLDy2UHmj0sTF0MSLMwxPFZc3tu5kQckI8fks0zOPda3n1"},
		{
			"a much longer password than sixty-four bytes, which takes the digest twice over",
			"$6$xxxxxxxxxxxxxxxx$F/wFbJHpdP1gvYyNkH2ZWEkWji/QWm4HdkQ4RjCcTnKg8sTAM4sWP9LyhRNlJYgQKof4MmleI2/hNChII1EEx0",
		},
		{"pässword", "$6$..//$BlEP9BGXZ1x6xUiSARkixncuRc0pR9JnU9kFZ5VtZ9tIbIQTQIbMakbvoBQa1rGAYXvGtQF.SGNTpwfU/N7CL0"},
	} {
		if got := sha512Crypt(c.password, strings.Split(c.hash, "$")[2]); got != c.hash {
			t.Errorf("%q: %s", c.password, got)
		}
		if !matches(c.hash, c.password) || matches(c.hash, c.password+"x") {
			t.Errorf("%q is not told from others", c.password)
		}
	}
}

// Without a password the console lets root in, and still nobody else.
func TestMayLogin_noPassword(t *testing.T) {
	for name, want := range map[string]bool{"root": true, "other": false, "": false} {
		if ok, wanted := MayLogin("root::::::::\n", name, ""); ok != want || wanted == want {
			t.Errorf("%q: %v, %v", name, ok, wanted)
		}
	}
	for _, shadow := range []string{"", "root", "root:!:1", "root:*:", "rooter::1", " root::"} {
		if ok, _ := MayLogin(shadow, "root", ""); ok {
			t.Errorf("%q lets root in", shadow)
		}
	}
}

func FuzzMayLogin(f *testing.F) {
	f.Add("root:$6$ab$cd:1\n", "root", "x")
	f.Fuzz(func(t *testing.T, shadow, name, password string) {
		if ok, wanted := MayLogin(shadow, name, password); ok && name != "root" || !ok && !wanted {
			t.Errorf("%v, %v", ok, wanted)
		}
	})
}

func TestMayLogin(t *testing.T) {
	hash, err := HashPassword("open sesame")
	if err != nil {
		t.Fatal(err)
	}
	shadow := "daemon:*:1::::::\nroot:" + hash + ":::::::\nguest::1::::::\nlocked:!" + hash + ":::::::\nold:$1$ab$cdef:::::::\n"
	for _, c := range []struct {
		name, password string
		ok, wanted     bool
	}{
		{"root", "open sesame", true, true},
		{"root", "", false, true},
		{"root", "open", false, true},
		{"guest", "", false, true}, // would be root
		{"Root", "open sesame", false, true},
		{"root\x00", "open sesame", false, true},
		{"daemon", "", false, true},
		{"daemon", "*", false, true},
		{"locked", "open sesame", false, true},
		{"old", "x", false, true},
		{"nobody", "", false, true},
		{"", "", false, true},
	} {
		if ok, wanted := MayLogin(shadow, c.name, c.password); ok != c.ok || wanted != c.wanted {
			t.Errorf("%s %q: %v, %v", c.name, c.password, ok, wanted)
		}
	}
}
