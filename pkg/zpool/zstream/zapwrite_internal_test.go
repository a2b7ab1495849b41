package zstream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

// readZap reads a table as it was packed.
func readZap(t *testing.T, content []byte, blockSize uint32) map[string]uint64 {
	t.Helper()
	z := zap{blockSize: int64(blockSize), end: int64(len(content)), read: func(p []byte, off int64) error {
		copy(p, content[off:])
		return nil
	}}
	got := map[string]uint64{}
	err := z.each(func(name string, v zapValue) error {
		n, err := v.number()
		got[name] = n
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Tables of every size come back, each name where a kernel looks for it.
func TestPackZap(t *testing.T) {
	for _, count := range []int{0, 1, 7, 2047, 2048, 30000} {
		for _, long := range []string{"", strings.Repeat("x", 60)} {
			want := map[string]uint64{}
			var items []zapItem
			for i := range count {
				name := fmt.Sprintf("name-%d%s", i, long)
				want[name] = uint64(i) << 20
				items = append(items, numberItem(name, uint64(i)<<20))
			}
			content, block, err := packZap(items, 12345|1)
			if err != nil {
				t.Fatal(err)
			}
			if got := readZap(t, content, block); !maps.Equal(got, want) {
				t.Errorf("%d names %q: %d came back", count, long, len(got))
			}
			if kind := binary.LittleEndian.Uint64(content); (kind == zapMicro) != (count < 2048 && (long == "" || count == 0)) {
				t.Errorf("%d names %q: table of kind %x", count, long, kind)
			}
			if block == fatBlock {
				lookUpAll(t, content, want)
			}
		}
	}
}

// lookUpAll finds every name by its hash.
func lookUpAll(t *testing.T, p []byte, want map[string]uint64) {
	t.Helper()
	le := binary.LittleEndian
	salt, shift := le.Uint64(p[80:]), le.Uint64(p[32:])
	table := p[fatBlock/2:]
	if first := le.Uint64(p[16:]); le.Uint64(p[24:]) > 0 {
		table = p[first*fatBlock:]
	}
	for name, n := range want {
		h := zapHash(salt, name)
		leaf := p[le.Uint64(table[h>>(64-shift)*8:])*fatBlock:][:fatBlock]
		bits := uint64(le.Uint16(leaf[32:]))
		if h>>(64-bits) != le.Uint64(leaf[16:]) && bits > 0 {
			t.Fatalf("%q is in the wrong leaf", name)
		}
		chunks := leaf[leafHeader+2<<leafShift:]
		at := le.Uint16(leaf[leafHeader+h>>(64-leafShift-bits)&(1<<leafShift-1)*2:])
		found := false
		for at != chainEnd && !found {
			e := chunks[int(at)*leafChunk:]
			got, err := leafArray(chunks, le.Uint16(e[4:]), int(le.Uint16(e[6:])))
			found = err == nil && cString(got) == name
			if v, err := leafArray(chunks, le.Uint16(e[8:]), 8); found && (err != nil || binary.BigEndian.Uint64(v) != n) {
				t.Fatalf("%q has the value %x", name, v)
			}
			at = le.Uint16(e[2:])
		}
		if !found {
			t.Fatalf("%q is not where its hash leads", name)
		}
	}
}

func TestPackZap_sameItemsSameBytes(t *testing.T) {
	items := func() (all []zapItem) {
		for i := range 3000 {
			all = append(all, numberItem(fmt.Sprint(i*7919%3000), uint64(i*7919%3000)))
		}
		return all
	}
	a, _, err := packZap(items(), 7)
	if err != nil {
		t.Fatal(err)
	}
	reversed := items()
	for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
		reversed[i], reversed[j] = reversed[j], reversed[i]
	}
	if b, _, err := packZap(reversed, 7); err != nil || !bytes.Equal(a, b) {
		t.Errorf("another order of names makes another table: %v", err)
	}
}

// attributesBack decodes what packAttributes made.
func attributesBack(t *testing.T, e *Entry) *znode {
	t.Helper()
	bonus, spill, err := packAttributes(e)
	if err != nil {
		t.Fatal(err)
	}
	if room := bonusRoom; len(bonus) > room || spill != nil && len(bonus) > bonusRoomSpill {
		t.Errorf("bonus of %d bytes, spill block of %d", len(bonus), len(spill))
	}
	tables := &saTables{attrs: map[uint16]saAttr{}, layouts: map[uint16][]uint16{}}
	for i, a := range saRegistry {
		tables.attrs[uint16(i)] = saAttr{a.name, a.length}
	}
	for i, l := range saLayouts() {
		tables.layouts[uint16(firstLayout+i)] = l
	}
	z := new(znode)
	if err := tables.decode(bonus, z.set); err != nil {
		t.Fatal(err)
	}
	if spill != nil {
		if err := tables.decode(spill, z.set); err != nil {
			t.Fatal(err)
		}
	}
	return z
}

// Attributes come back from wherever they had room.
func TestPackAttributes(t *testing.T) {
	for _, kind := range []uint32{modeRegular, modeDir, modeSymlink, modeChar, modeBlock, 0o010000} {
		for _, size := range []int{0, 1, 100, 120, 140, 150, 1000, 60000} {
			for _, target := range []int{0, 1, 130, 150, 4000} {
				if (kind == modeSymlink) != (target > 0) {
					continue
				}
				e := &Entry{
					Mode: kind | 0o4751, UID: 1 << 31, GID: 7, Links: 3, Generation: 9, Parent: 11,
					Size: int64(target), Target: strings.Repeat("t", target), Major: 8, Minor: 17,
					ModTime: time.Unix(-5, 999999999), AccessTime: time.Unix(1<<34, 1),
				}
				if size > 0 {
					e.Xattrs = map[string][]byte{"user.x": bytes.Repeat([]byte{1}, size)}
				}
				z := attributesBack(t, e)
				if z.mode != uint64(e.Mode) || z.uid != 1<<31 || z.gid != 7 || z.links != 3 || z.parent != 11 ||
					!z.mtime.Equal(e.ModTime) || !z.atime.Equal(e.AccessTime) || string(z.symlink) != e.Target {
					t.Errorf("mode %o, attribute of %d, target of %d: %+v", kind, size, target, z)
				}
				if major, minor := z.device(); (kind == modeChar || kind == modeBlock) && (major != 8 || minor != 17) {
					t.Errorf("device %d:%d", major, minor)
				}
				list, err := ParseNvlist(z.dxattr)
				if got, _ := list["user.x"].([]byte); size > 0 && (err != nil || len(got) != size) {
					t.Errorf("attribute of %d bytes: %d, %v", size, len(got), err)
				}
			}
		}
	}
	if _, _, err := packAttributes(&Entry{Mode: modeRegular, Xattrs: map[string][]byte{"user.x": make([]byte, 70000)}}); err == nil {
		t.Error("packed more than there is room for")
	}
}

// The list that a mode makes denies what the mode denies.
func TestModeACL(t *testing.T) {
	for mode, entries := range map[uint32]int{0o644: 3, 0o755: 3, 0o077: 4, 0o707: 4, 0o604: 4, 0o407: 5} {
		p := modeACL(modeRegular | mode)
		if got := int(countACEs(p)); got != entries || len(p) != 8*entries {
			t.Errorf("%o: %d entries in %d bytes, want %d", mode, got, len(p), entries)
		}
	}
}

func FuzzPackZap(f *testing.F) {
	f.Add("a\nb\nlonger", uint64(1))
	f.Add(strings.Repeat("n", 60)+"\nx", uint64(1<<63))
	f.Fuzz(func(t *testing.T, names string, salt uint64) {
		want := map[string]uint64{}
		var items []zapItem
		for i, name := range strings.Split(names, "\n") {
			if _, twice := want[name]; twice || checkName(name) != nil {
				continue
			}
			want[name] = uint64(i)
			items = append(items, numberItem(name, uint64(i)))
		}
		content, block, err := packZap(items, salt|1)
		if err != nil {
			t.Skip(err)
		}
		if got := readZap(t, content, block); !maps.Equal(got, want) {
			t.Errorf("%v became %v", want, got)
		}
	})
}

func FuzzNvlistPack(f *testing.F) {
	f.Add("name", "value", uint64(7), []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, name, text string, n uint64, p []byte) {
		if strings.Contains(name, "\x00") {
			t.Skip("names end at a NUL")
		}
		list := Nvlist{name + "s": text, name + "n": n, name + "b": append([]byte{}, p...), name + "l": Nvlist{"x": n}, name + "t": true}
		packed, err := list.Pack()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseNvlist(packed)
		if err != nil || again[name+"s"] != text || again[name+"n"] != n || again[name+"t"] != true || len(again) != len(list) {
			t.Errorf("%v became %v, %v", list, again, err)
		}
		if got, _ := again[name+"b"].([]byte); !bytes.Equal(got, p) {
			t.Errorf("%v became %v", p, got)
		}
	})
}
