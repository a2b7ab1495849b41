package kernel

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// ko is a module as small as one can be: an ELF file with a .modinfo.
func ko(t testing.TB, pairs ...string) []byte {
	t.Helper()
	info := strings.Join(pairs, "\x00") + "\x00"
	names := "\x00.modinfo\x00.shstrtab\x00"
	const header, section = 64, 64
	var b bytes.Buffer
	b.Write([]byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	put := func(values ...any) {
		for _, v := range values {
			if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	data := uint64(header + 3*section)
	put(uint16(1), uint16(62), uint32(1), uint64(0), uint64(0), uint64(header), uint32(0),
		uint16(header), uint16(0), uint16(0), uint16(section), uint16(3), uint16(2))
	put([section]byte{})
	put(uint32(1), uint32(1), uint64(2), uint64(0), data, uint64(len(info)), uint32(0), uint32(0), uint64(1), uint64(0))
	put(uint32(10), uint32(3), uint64(0), uint64(0), data+uint64(len(info)), uint64(len(names)), uint32(0), uint32(0), uint64(1), uint64(0))
	b.WriteString(info + names)
	return b.Bytes()
}

func packed(t testing.TB, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch filepath.Ext(name) {
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".xz":
		w, err = xz.NewWriter(&b)
	default:
		w, err = zstd.NewWriter(&b)
	}
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParseModule(t *testing.T) {
	plain := ko(t, "name=dm_mod", "depends=a-b,c", "softdep=pre: x crypto-crc32c post: y", "alias=fs-btrfs", "alias=devname:mapper/control", "license=GPL")
	for _, file := range []string{"kernel/dm-mod.ko", "kernel/dm-mod.ko.gz", "kernel/dm-mod.ko.xz", "kernel/dm-mod.ko.zst"} {
		content := plain
		if !strings.HasSuffix(file, ".ko") {
			content = packed(t, file, plain)
		}
		m, err := ParseModule(file, content)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(m.Name, m.Depends, m.Soft, m.Aliases)
		if want := "dm_mod[a_b c] [x crypto-crc32c] [fs-btrfs devname:mapper/control]"; got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}

func TestParseModule_refuses(t *testing.T) {
	for name, content := range map[string][]byte{
		"x.ko":     []byte("hello"),
		"y.ko.xz":  []byte("hello"),
		"z.ko.zst": []byte("hello"),
		"cut.ko":   ko(t, "name=a")[:100],
	} {
		if _, err := ParseModule(name, content); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bomb := packed(t, "b.ko.zst", make([]byte, maxModule+1))
	if _, err := ParseModule("b.ko.zst", bomb); err == nil {
		t.Error("a module that unpacks to more than a module can be")
	}
}

func FuzzParseModule(f *testing.F) {
	f.Add(ko(f, "name=a", "depends=b"))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(_ *testing.T, content []byte) {
		for _, name := range []string{"a.ko", "a.ko.gz", "a.ko.xz", "a.ko.zst"} {
			_, _ = ParseModule(name, content)
		}
	})
}

func modules(t testing.TB) fstest.MapFS {
	t.Helper()
	file := func(pairs ...string) *fstest.MapFile { return &fstest.MapFile{Data: ko(t, pairs...)} }
	return fstest.MapFS{
		"kernel/btrfs.ko":     file("depends=libcrc32c,raid6_pq", "alias=fs-btrfs", "alias=devname:btrfs-control", "alias=char-major-10-234", "softdep=pre: crypto-crc32c"),
		"kernel/libcrc32c.ko": file("depends="),
		"kernel/raid6_pq.ko":  file("depends="),
		"kernel/intel.ko":     file("alias=crypto-crc32c", "softdep=pre: loop-a"),
		"kernel/loop-a.ko":    file("name=loop_a", "depends=", "softdep=pre: intel"),
		"kernel/virtio.ko":    file("depends=virtio_ring", "alias=virtio:d00000002v*"),
		"kernel/broken.ko":    file("depends=nosuch"),
		"modules.builtin":     {Data: []byte("kernel/virtio-ring.ko\nkernel/ext4.ko\n")},
		"modules.builtin.modinfo": {Data: []byte(
			"ext4.alias=fs-ext4\x00ext4.license=GPL\x00")},
		"modules.order": {Data: []byte("x")},
	}
}

func names(all []*Module) string {
	var s []string
	for _, m := range all {
		s = append(s, m.Name)
	}
	return strings.Join(s, " ")
}

func TestClosure(t *testing.T) {
	scanned, err := Scan(modules(t))
	if err != nil {
		t.Fatal(err)
	}
	// What Lists writes must be read back as the same.
	lists := modules(t)
	for name, content := range Lists(scanned.Modules, func(m *Module) string { return m.Path }) {
		lists[name] = &fstest.MapFile{Data: content}
	}
	read, err := ReadLists(lists)
	if err != nil {
		t.Fatal(err)
	}
	for kind, x := range map[string]*Index{"scanned": scanned, "read": read} {
		for ask, want := range map[string]string{
			"btrfs":                      "loop_a intel libcrc32c raid6_pq btrfs",
			"fs-btrfs":                   "loop_a intel libcrc32c raid6_pq btrfs",
			"loop-a":                     "intel loop_a",
			"virtio:d00000002v00001AF4":  "virtio",
			"ext4 fs-ext4 virtio_ring":   "",
			"nothing? virtio":            "virtio",
			"libcrc32c btrfs libcrc32c ": "libcrc32c loop_a intel raid6_pq btrfs",
		} {
			got, err := x.Closure(strings.Fields(ask)...)
			if err != nil || names(got) != want {
				t.Errorf("%s: %s: %q, %v; want %q", kind, ask, names(got), err, want)
			}
		}
		if _, err := x.Closure("nothing", "more"); err == nil || !strings.Contains(err.Error(), "nothing, more") {
			t.Errorf("%s: missing: %v", kind, err)
		}
	}
	if _, err := scanned.Closure("broken"); err == nil || !strings.Contains(err.Error(), "broken needs nosuch") {
		t.Errorf("broken: %v", err)
	}
	if node := string(lists["modules.devname"].Data); node != "btrfs btrfs-control c10:234\n" {
		t.Errorf("devname: %q", node)
	}
}

func TestScan_refuses(t *testing.T) {
	if _, err := Scan(fstest.MapFS{}); err == nil {
		t.Error("a directory without modules")
	}
	if _, err := Scan(fstest.MapFS{"a.ko": {Data: []byte("x")}}); !errors.Is(err, errNotModule) {
		t.Errorf("a file that is no module: %v", err)
	}
}

// deb is a package with the files, its data packed as ext says.
func deb(t testing.TB, ext string, files map[string][]byte) []byte {
	t.Helper()
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	for name, content := range files {
		err := w.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	content := data.Bytes()
	if ext != "" {
		content = packed(t, ext, content)
	}
	var b bytes.Buffer
	b.WriteString(arMagic)
	member := func(name string, content []byte) {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", name, 0, 0, 0, "100644", len(content), content)
		if len(content)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	member("debian-binary", []byte("2.0\n"))
	member("control.tar", []byte("odd"))
	member("data.tar"+ext, content)
	return b.Bytes()
}

func vmlinuz() []byte {
	b := make([]byte, 4096)
	copy(b[0x202:], "HdrS")
	return b
}

func kernelFiles(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"boot/vmlinuz-1.2-x":            vmlinuz(),
		"lib/modules/1.2-x/kernel/a.ko": ko(t, "name=a"),
		"usr/share/doc/x":               []byte("no"),
		"etc/../../../evil":             []byte("no"),
	}
}

func TestOpen_packages(t *testing.T) {
	for _, ext := range []string{"", ".xz", ".zst"} {
		dir := t.TempDir()
		file := filepath.Join(dir, "k.deb")
		if err := os.WriteFile(file, deb(t, ext, kernelFiles(t)), 0o644); err != nil {
			t.Fatal(err)
		}
		cache := filepath.Join(dir, "cache")
		for range 2 { // the second finds it unpacked
			k, err := Open(file, cache)
			if err != nil {
				t.Fatal(err)
			}
			if k.Release != "1.2-x" || names(k.Index.Modules) != "a" {
				t.Errorf("%s: %+v", ext, k)
			}
			if content, err := k.Read(k.Index.Find("a")); err != nil || !bytes.Equal(content, ko(t, "name=a")) {
				t.Errorf("read: %v", err)
			}
		}
		left, err := filepath.Glob(filepath.Join(cache, "*"))
		if err != nil || len(left) != 1 {
			t.Errorf("%v in the cache, %v", left, err)
		}
		if docs, _ := filepath.Glob(filepath.Join(cache, "*", "usr")); docs != nil {
			t.Errorf("more than kernels is unpacked: %v", docs)
		}
	}
}

func TestOpen_refuses(t *testing.T) {
	dir := t.TempDir()
	cache := filepath.Join(dir, "cache")
	whole := deb(t, ".zst", kernelFiles(t))
	noKernel := deb(t, "", map[string][]byte{"lib/modules/1/a.ko": ko(t)})
	notKernel := deb(t, "", map[string][]byte{"boot/vmlinuz-1": []byte("text"), "lib/modules/1/a.ko": ko(t)})
	for name, want := range map[string]struct {
		content []byte
		message string
	}{
		"text":       {[]byte("some text that is long enough"), "is not a Debian package"},
		"empty":      {nil, "is not a Debian package"},
		"cut":        {whole[:len(whole)-20], "EOF"},
		"headless":   {whole[:70], "Debian package"},
		"no-kernel":  {noKernel, "there is no boot/vmlinuz"},
		"not-kernel": {notKernel, "is not a Linux kernel"},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, want.content, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(file, cache); err == nil || !strings.Contains(err.Error(), want.message) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(filepath.Join(dir, "absent"), cache); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "*")); len(left) != 0 {
		t.Errorf("a refused package left %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, ".*")); len(left) != 0 {
		t.Errorf("a refused package left %v", left)
	}
}

func FuzzUnpackDeb(f *testing.F) {
	f.Add(deb(f, "", map[string][]byte{"boot/vmlinuz-1": []byte("x")}))
	f.Add([]byte(arMagic))
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 1<<20 {
			return
		}
		_ = unpackDeb(bytes.NewReader(content), t.TempDir())
	})
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		pattern, alias string
		want           bool
	}{
		{"pci:v00001AF4d*sv*", "pci:v00001AF4d00001000sv00001AF4", true},
		{"pci:v00001AF5d*", "pci:v00001AF4d00001000", false},
		{"snd-card-*", "snd_card_0", true},
		{"rtnl-link-veth", "rtnl-link-veth", true},
		{"cpu:type:x86,ven*fam*mod*:feature:*0099*", "cpu:type:x86,ven0000fam0006mod0001:feature:,0099,", true},
		{"dmi*:[A-C]x*", "dmi:Bxy", false},
		{"[", "x", false},
	} {
		if got := fits(c.pattern, c.alias); got != c.want {
			t.Errorf("%s %s: %v", c.pattern, c.alias, got)
		}
	}
	if !slices.Equal(pre("a pre: b c post: d pre: e"), []string{"b", "c", "e"}) {
		t.Error("softdep")
	}
}
