package mnt

import "testing"

func TestParseLine(t *testing.T) {
	m, ok := parseLine(`36 35 0:45 /trees/7 /zones/a\040b ro,noatime shared:1 master:2 - btrfs /dev/loop0 rw,space_cache=v2`)
	want := Info{
		ID: 36, Parent: 35, Device: "0:45", Root: "/trees/7", Path: "/zones/a b", ReadOnly: true,
		FSType: "btrfs", Source: "/dev/loop0",
	}
	if !ok || m != want {
		t.Errorf("%+v, %v; want %+v", m, ok, want)
	}
	for _, bad := range []string{"", "1 2 3", "x 35 0:45 / / rw - btrfs none rw", "36 35 0:45 / / rw - btrfs"} {
		if m, ok := parseLine(bad); ok {
			t.Errorf("%q was read as %+v", bad, m)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("36 35 0:45 / /a\\0 rw - btrfs x rw\n"))
	f.Fuzz(func(t *testing.T, b []byte) { parse(b) })
}
