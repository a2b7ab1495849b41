package zfs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// fake makes zfs and zpool that print the file out, say the file err, and note
// in the file calls how they were called and which PATH they saw.
func fake(t *testing.T) *Backend {
	t.Helper()
	dir := t.TempDir()
	script := `#!/bin/sh
dir=` + dir + `
echo "$(/usr/bin/basename "$0") $* [$PATH]" >>$dir/calls
[ ! -f $dir/out ] || /bin/cat $dir/out
[ ! -f $dir/err ] || { /bin/cat $dir/err >&2; exit 1; }
`
	for _, name := range []string{"zfs", "zpool"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &Backend{dir}
}

func (b *Backend) say(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, file), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (b *Backend) called(t *testing.T) string {
	t.Helper()
	calls, err := os.ReadFile(filepath.Join(b.dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.ReplaceAll(string(calls), " ["+b.dir+"]", ""))
}

func TestFind_skipsOurselves(t *testing.T) {
	ours, real := t.TempDir(), fake(t)
	self, err := os.Stat("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"zfs", "zpool"} {
		if err := os.Symlink("/proc/self/exe", filepath.Join(ours, name)); err != nil {
			t.Fatal(err)
		}
	}
	if b := findIn([]string{"/nonexistent", ours}, self); b != nil {
		t.Errorf("found ourselves in %s", b.dir)
	}
	if b := findIn([]string{ours, real.dir}, self); b == nil || b.dir != real.dir {
		t.Errorf("found %v, want %s", b, real.dir)
	}
}

func TestList(t *testing.T) {
	b := fake(t)
	b.say(t, "out", "zones\ttype\tfilesystem\t-\nzones\tquota\t0\tdefault\nzones/a@s\ttype\tsnapshot\t-\nzones/a@s\tmy:x\ta\tb\tinherited from zones\n")
	got, err := b.List(t.Context(), dataset.ListOptions{
		Roots: []string{"zones"}, Recursive: true, Props: []string{"name", "quota", "my:x"},
		Types: []dataset.Type{dataset.Filesystem, dataset.Snapshot},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Type != dataset.Filesystem || got[0].Props["quota"].Source != "default" ||
		got[1].Props["my:x"] != (dataset.Prop{Value: "a\tb", Source: "inherited from zones"}) || got[1].Get("name") != "zones/a@s" {
		t.Errorf("%+v", got)
	}
	if want := "zfs get -Hp -o name,property,value,source -t filesystem,snapshot -r type,quota,my:x zones"; b.called(t) != want {
		t.Errorf("called %q, want %q", b.called(t), want)
	}
	b.say(t, "out", "no tabs here\n")
	if _, err := b.List(t.Context(), dataset.ListOptions{}); !errors.Is(err, errOutput) {
		t.Errorf("strange output: %v", err)
	}
}

func TestVerbs_arguments(t *testing.T) {
	ctx := t.Context()
	for _, c := range []struct {
		want string
		do   func(*Backend) error
	}{
		{"zfs create -p -o a:b=c -o quota=10G zones/a", func(b *Backend) error {
			return b.Create(ctx, "zones/a", dataset.CreateOptions{Parents: true, Props: map[string]string{"quota": "10G", "a:b": "c"}})
		}},
		{"zfs create -s -V 1024 zones/v", func(b *Backend) error {
			return b.Create(ctx, "zones/v", dataset.CreateOptions{Sparse: true, Volsize: 1024})
		}},
		{"zfs destroy -r zones/a@x,y\nzfs destroy -r zones/b", func(b *Backend) error {
			return b.Destroy(ctx, []string{"zones/a@x", "zones/a@y", "zones/b"}, dataset.DestroyOptions{Recursive: true})
		}},
		{"zfs set a:b=c quota=1G zones/a", func(b *Backend) error {
			return b.Set(ctx, "zones/a", map[string]string{"quota": "1G", "a:b": "c"})
		}},
		{"zfs snapshot -r zones/a@s zones/b@s", func(b *Backend) error {
			return b.Snapshot(ctx, []string{"zones/a@s", "zones/b@s"}, dataset.SnapshotOptions{Recursive: true})
		}},
		{"zfs clone -o quota=1G zones/a@s zones/c", func(b *Backend) error {
			return b.Clone(ctx, "zones/a@s", "zones/c", dataset.CreateOptions{Props: map[string]string{"quota": "1G"}})
		}},
		{"zfs rollback -r zones/a@s", func(b *Backend) error {
			return b.Rollback(ctx, "zones/a@s", dataset.RollbackOptions{Recursive: true})
		}},
		{"zfs inherit -r quota zones/a", func(b *Backend) error {
			return b.Inherit(ctx, "zones/a", "quota", dataset.InheritOptions{Recursive: true})
		}},
		{"zfs rename -p zones/a zones/b", func(b *Backend) error {
			return b.Rename(ctx, "zones/a", "zones/b", dataset.RenameOptions{Parents: true})
		}},
		{"zfs promote zones/c", func(b *Backend) error { return b.Promote(ctx, "zones/c") }},
		{"zfs hold -r keep zones/a@s zones/b@s", func(b *Backend) error {
			return b.Hold(ctx, []string{"zones/a@s", "zones/b@s"}, "keep", true)
		}},
		{"zfs release keep zones/a@s", func(b *Backend) error {
			return b.Release(ctx, []string{"zones/a@s"}, "keep", false)
		}},
		{"zfs bookmark zones/a@s zones/a#b", func(b *Backend) error { return b.Bookmark(ctx, "zones/a@s", "zones/a#b") }},
		{"zfs send -R -p -c -L -e -w -I @a zones/a@s", func(b *Backend) error {
			return b.Send(ctx, "zones/a@s", io.Discard, dataset.SendOptions{
				Replicate: true, Props: true, Compressed: true, LargeBlocks: true, Embedded: true, Raw: true, From: "@a", Intermediates: true,
			})
		}},
		{"zfs unmount -f zones/c", func(b *Backend) error { return b.Unmount(ctx, "zones/c", true) }},
		{"zpool create -f -m /z -o comment=x -O atime=off zones /dev/x", func(b *Backend) error {
			return b.CreatePool(ctx, "zones", dataset.PoolOptions{
				Force: true, Mountpoint: "/z", Devices: []string{"/dev/x"},
				PoolProps: map[string]string{"comment": "x"}, Props: map[string]string{"atime": "off"},
			})
		}},
		{"zpool import -N -d /d zones new", func(b *Backend) error {
			return b.ImportPool(ctx, "zones", dataset.ImportOptions{Dirs: []string{"/d"}, NoMount: true, As: "new"})
		}},
	} {
		b := fake(t)
		if err := c.do(b); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
		if got := b.called(t); got != c.want {
			t.Errorf("called %q, want %q", got, c.want)
		}
	}
}

func TestHolds(t *testing.T) {
	b := fake(t)
	b.say(t, "out", "zones/a@s\tkeep\tTue Nov  3 02:55 2026\nzones/b@s\tkeep\t1700000000\n")
	got, err := b.Holds(t.Context(), []string{"zones/a@s"}, true)
	if err != nil || len(got) != 2 || got[0].Tag != "keep" || got[0].Given.Day() != 3 || got[1].Given.Unix() != 1700000000 {
		t.Errorf("%+v, %v", got, err)
	}
	if want := "zfs holds -H -r zones/a@s"; b.called(t) != want {
		t.Errorf("called %q, want %q", b.called(t), want)
	}
	b.say(t, "out", "zones/a@s\tkeep\tsome day\n")
	if _, err := b.Holds(t.Context(), []string{"zones/a@s"}, false); err == nil {
		t.Error("a strange time was taken")
	}
}

func TestPlan(t *testing.T) {
	b := fake(t)
	b.say(t, "out", "create\tzones/v\nproperty\trefreservation\t110362624\n")
	got, err := b.Plan(t.Context(), "zones/v", dataset.CreateOptions{Volsize: 1 << 20})
	if err != nil || len(got) != 1 || got[0].Type != dataset.Volume || got[0].Int("refreservation") != 110362624 {
		t.Errorf("%+v, %v", got, err)
	}
	if want := "zfs create -nP -V 1048576 zones/v"; b.called(t) != want {
		t.Errorf("called %q, want %q", b.called(t), want)
	}
}

func TestErrors_areUnderstood(t *testing.T) {
	for text, want := range map[string]error{
		"cannot open 'zones/x': dataset does not exist":                                                 dataset.ErrNotFound,
		"cannot create 'zones/x': dataset already exists":                                               dataset.ErrExists,
		"cannot destroy 'zones/x': filesystem has children\nuse '-r' to destroy ...":                    dataset.ErrChildren,
		"cannot destroy 'x': snapshot has dependent clones":                                             dataset.ErrClones,
		"cannot unmount '/x': pool or dataset is busy":                                                  dataset.ErrBusy,
		"cannot set property for 'v': 'quota' does not apply to datasets of this type":                  dataset.ErrProperty,
		"cannot receive new filesystem stream: destination 'x' exists\nmust specify -F to overwrite it": dataset.ErrExists,
		"cannot create 'x': out of space":                                                               dataset.ErrNoSpace,
	} {
		b := fake(t)
		b.say(t, "err", text+"\n")
		err := b.Promote(t.Context(), "x")
		if !errors.Is(err, want) || err.Error() != text {
			t.Errorf("%q became %v, is %v: %v", text, err, want, errors.Is(err, want))
		}
	}
}

func TestImportable(t *testing.T) {
	got := parseImportable("   pool: tank\n     id: 123\n  state: ONLINE\n action: x: y\n\n   pool: b\n     id: 45\n  state: DEGRADED\n")
	want := []dataset.Pool{{Name: "tank", GUID: "123", Health: "ONLINE"}, {Name: "b", GUID: "45", Health: "DEGRADED"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v", got)
	}
}

func FuzzParseGet(f *testing.F) {
	f.Add("zones\ttype\tfilesystem\t-\n")
	f.Fuzz(func(t *testing.T, text string) {
		if all, err := parseGet(text); err == nil && len(all) > strings.Count(text, "\n")+1 {
			t.Errorf("%d datasets", len(all))
		}
		parseImportable(text)
	})
}
