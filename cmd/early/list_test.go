package early

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/vm"
)

func TestColumns_areThoseOfVmadm(t *testing.T) {
	for _, c := range columns {
		list, err := vm.Columns(c.key)
		if err != nil || list[0].Header != c.header || list[0].Width != c.width {
			t.Errorf("%+v, vmadm has %+v, %v", c, list, err)
		}
		row, _ := vm.Lookup(c.key)
		if row.MaxLen > 0 && row.MaxLen < 1000 {
			t.Errorf("%s: values longer than %d are not shown", c.key, row.MaxLen)
		}
	}
}

func TestKind_isTheTypeOfTheBrand(t *testing.T) {
	for _, name := range vm.BrandNames() {
		b, _ := vm.BrandOf(name)
		z := zone{brand: name}
		if want := b.Type(); z.kind() != want && (z.kind() != "" || !b.HVM()) {
			t.Errorf("%s: %q, want %q", name, z.kind(), want)
		}
	}
	if z := (zone{brand: "mine"}); z.kind() != "" {
		t.Error("a brand that nobody knows has a type")
	}
}

func TestSort_isStable(t *testing.T) {
	l := new(list)
	for _, n := range []int{0, 1, 2, 3, 7, 64, 1000} {
		l.count = n
		for i := range n {
			l.zones[i] = zone{name: fmt.Sprintf("z%04d", rand.IntN(5000)), runs: rand.IntN(2) == 0, id: rand.Int64N(50)}
		}
		l.rank()
		want := slices.Clone(l.zones[:n])
		slices.SortStableFunc(want, func(a, b zone) int {
			switch {
			case a.runs != b.runs && a.runs:
				return -1
			case a.runs != b.runs:
				return 1
			case a.runs:
				return int(a.id - b.id)
			}
			return strings.Compare(a.name, b.name)
		})
		for i := range want {
			if got := &l.zones[l.order[i]]; got.name != want[i].name || got.runs != want[i].runs || got.id != want[i].id {
				t.Fatalf("%d zones, place %d: %+v, want %+v", n, i, got, want[i])
			}
		}
	}
}

func TestUnderstand(t *testing.T) {
	for line, want := range map[string]string{
		"":                        "uuid,type,ram,state,alias|ram,uuid|false false 0",
		"-p":                      "uuid,type,ram,state,alias|ram,uuid|true false 0",
		"-pHo alias":              "alias|ram,uuid|true true 0",
		"-oalias -s -ram":         "alias|-ram|false false 0",
		"state=running -H":        "uuid,type,ram,state,alias|ram,uuid|false true 1",
		"-Hosort":                 "",
		"-o":                      "",
		"-o=alias":                "",
		"-o alias,":               "",
		"-o nics.0.ip":            "",
		"-s +ram":                 "",
		"-x":                      "",
		"--":                      "",
		"-":                       "",
		"--order alias":           "",
		"alias=~x":                "",
		"running":                 "",
		"uuid=a":                  "",
		"tags.x=y":                "",
		"-s ram,,uuid":            "",
		strings.Repeat("-p ", 30): "uuid,type,ram,state,alias|ram,uuid|true false 0",
		"-o " + strings.Repeat("ram,", 16) + "ram": "",
		"-s " + strings.Repeat("ram,", 16) + "ram": "",
		strings.Repeat("ram=1 ", 17):               "",
	} {
		r := request{order: "uuid,type,ram,state,alias", sort: "ram,uuid"}
		got := ""
		if r.understand(strings.Fields(line)) {
			got = fmt.Sprintf("%s|%s|%v %v %d", r.order, r.sort, r.parsable, r.noHeader, r.matched)
		}
		if got != want {
			t.Errorf("list %s: %q, want %q", line, got, want)
		}
	}
	if r := (request{isLookup: true}); !r.understand([]string{"-1", "alias=a"}) || !r.unique || r.matched != 1 {
		t.Errorf("lookup -1: %+v", r)
	}
	for _, word := range []string{"-j", "-p", "-o"} {
		if r := (request{isLookup: true}); r.understand([]string{word}) {
			t.Errorf("lookup %s is understood", word)
		}
	}
}
