package account

import (
	"slices"
	"strings"
	"testing"
)

const passwd = "root:x:0:0:root:/root:/bin/bash\r\n" +
	"short:x:1:1:/:/bin/sh\n" +
	"long:x:2:2:a:/:/bin/sh:more\n" +
	"nul\x00:x:3:3::/:/bin/sh\n" +
	"relative:x:4:5::home:sh\n" +
	"empty:x:6:7:::\n" +
	"huge:x:65536:0::/:/bin/sh\n" +
	"worse:x:0:4294967296::/:/bin/sh\n" +
	"huge:x:8:9::/second:/bin/sh\n" +
	"signed:x:-1:0::/:/bin/sh\n" +
	"blank:x::0::/:/bin/sh\n" +
	"last:x:65535:65535::/:/bin/sh"

func TestFind(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"root", "root 0 0 /root /bin/bash"},
		{"0", "root 0 0 /root /bin/bash"},
		{"short", ""},
		{"long", ""},
		{"nul\x00", ""},
		{"relative", "relative 4 5 / "},
		{"6", "empty 6 7 / "},
		{"huge", "huge 8 9 /second /bin/sh"},
		{"worse", ""},
		{"signed", ""},
		{"-1", ""},
		{"blank", ""},
		{"", ""},
		{"last", "last 65535 65535 / /bin/sh"},
		{"rootx", ""},
		{"roo", ""},
	} {
		a, ok := Find([]byte(passwd), []byte(c.name))
		got := ""
		if ok {
			got = strings.Join([]string{string(a.Name), number(a.UID), number(a.GID), string(a.Home), string(a.Shell)}, " ")
		}
		if got != c.want {
			t.Errorf("Find(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestGroups(t *testing.T) {
	const group = "own:x:5:ann\n" +
		"first:x:10:ann\n" +
		"among:x:11:bob,ann,eve\n" +
		"prefix:x:12:anna,an\n" +
		"last:x:13:bob,ann\r\n" +
		"none:x:14:\n" +
		"fields:x:15:ann:\n" +
		"huge:x:70000:ann\n" +
		"end:x:16:,ann"
	a := Account{Name: []byte("ann"), GID: 5}
	got := Groups(append(make([]uint32, 0, 9), 5), []byte(group), a)
	if want := []uint32{5, 10, 11, 13, 16}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := Groups(make([]uint32, 0, 2), []byte(group), a); !slices.Equal(got, []uint32{10, 11}) {
		t.Errorf("with room for two: %v", got)
	}
}

func number(n uint32) string {
	if n >= 10 {
		return number(n/10) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}

// What a zone wrote never panics, and what is found is possible.
func FuzzFind(f *testing.F) {
	f.Add([]byte(passwd), []byte("root"))
	f.Add([]byte(":::::::\n"), []byte{})
	f.Fuzz(func(t *testing.T, text, name []byte) {
		a, ok := Find(text, name)
		if !ok {
			return
		}
		if a.UID > LastID || a.GID > LastID || len(a.Home) == 0 || a.Home[0] != '/' || len(a.Shell) > 0 && a.Shell[0] != '/' {
			t.Errorf("%+v", a)
		}
		list := Groups(make([]uint32, 0, 3), text, a)
		if len(list) > 3 || slices.ContainsFunc(list, func(g uint32) bool { return g > LastID || g == a.GID }) {
			t.Errorf("groups %v", list)
		}
	})
}

func TestFind_allocatesNothing(t *testing.T) {
	text, name, room := []byte(passwd), []byte("last"), make([]uint32, 0, 8)
	if n := testing.AllocsPerRun(10, func() {
		a, _ := Find(text, name)
		Groups(room, text, a)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
