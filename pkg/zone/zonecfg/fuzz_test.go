package zonecfg_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/zonecfg"
)

// Whatever is typed, the parser ends, and what it read it can write and read
// again.
func FuzzParseLine(f *testing.F) {
	for line := range strings.Lines(everything) {
		f.Add(line)
	}
	f.Add(`add value [(a=b,c="d,e"),(f=)]; set x = "\\\"" # no`)
	f.Fuzz(func(t *testing.T, line string) {
		commands, err := zonecfg.ParseLine(line)
		if err != nil {
			return
		}
		for _, c := range commands {
			for _, term := range c.Terms {
				again, err := zonecfg.ParseLine("x y=" + term.Value.String())
				if err != nil || len(again) != 1 || len(again[0].Terms) != 1 || !reflect.DeepEqual(again[0].Terms[0].Value, term.Value) {
					t.Fatalf("%q: %s reads back as %+v, %v", line, term.Value, again, err)
				}
			}
		}
	})
}

// Any text in any place survives export and import.
func FuzzExport(f *testing.F) {
	f.Add("a b", "c=d", `"\`, "x,y")
	f.Add("#", "\n", "[", "(")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		for _, s := range []string{a, b, c, d} {
			if s == "" || strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
				return
			}
		}
		want := &zone.Config{
			Path: "/zones/z", Brand: "lx", IPType: zone.Exclusive, State: zone.Configured, Name: "z", DID: 1,
			UUID: "8f5b6a3e-0d53-4f3a-9d1e-0123456789ab", Bootargs: a, SchedCls: b,
			FS:      []zone.FS{{Dir: "/" + a, Special: b, Type: "lofs", Options: []string{c}}},
			Net:     []zone.Net{{Physical: "net0", GlobalNIC: d, Props: map[string]string{a: b}}},
			Devices: []zone.Device{{Match: c, Props: map[string]string{d: a}}},
			Attrs:   []zone.Attr{{Name: "x", Type: "string", Value: d}},
			Admins:  []zone.Admin{{User: c, Auths: "login"}},
		}
		h := store(t)
		text := zonecfg.Export(want)
		if r := run(t, h, "z", text); !r.ok {
			t.Fatalf("%s\n%s", text, r.err)
		}
		if got, err := h.Load("z"); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v\n%s\n got %+v\nwant %+v", err, text, got, want)
		}
	})
}
