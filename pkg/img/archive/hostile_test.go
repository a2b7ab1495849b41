package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// TestUnpack_hostile: each archive wants to write, link or change something
// outside; sandbox checks that it could not.
func TestUnpack_hostile(t *testing.T) {
	testenv.RequireRoot(t)
	up := "../../outside"
	for name, tt := range map[string]struct {
		items []item
		want  string // part of the error, "" when the archive is harmless in the end
	}{
		"absolute path":            {[]item{file("/tmp/sb-evil", "x")}, "absolute"},
		"dot dot":                  {[]item{file("../evil", "x")}, `".."`},
		"dot dot inside":           {[]item{dir("a"), file("a/../../evil", "x")}, `".."`},
		"dot dot directory":        {[]item{dir("..")}, `".."`},
		"absolute symlink":         {[]item{symlink("a", "/"), file("a/tmp/sb-evil", "x")}, "leaves"},
		"relative symlink":         {[]item{symlink("a", "../.."), file("a/outside", "x")}, "leaves"},
		"symlink chain":            {[]item{dir("d"), symlink("d/a", ".."), symlink("b", "d/a/../.."), file("b/outside", "x")}, "leaves"},
		"file over symlink":        {[]item{symlink("a", up), file("a", "x")}, ""},
		"dir over symlink":         {[]item{symlink("a", ".."), dir("a"), file("a/x", "x")}, ""},
		"chmod through symlink":    {[]item{symlink("a", up), {h: tar.Header{Name: "a", Typeflag: tar.TypeFifo, Mode: 0o777}}}, ""},
		"hard link absolute":       {[]item{hardlink("a", "/etc/shadow")}, "absolute"},
		"hard link dot dot":        {[]item{hardlink("a", up), file("a", "x")}, `".."`},
		"hard link through link":   {[]item{symlink("s", "../.."), hardlink("a", "s/outside"), file("a", "x")}, "leaves"},
		"hard link of symlink":     {[]item{symlink("s", up), hardlink("a", "s"), file("a", "x")}, ""},
		"hard link to directory":   {[]item{dir("d"), hardlink("a", "d")}, "hard link to the directory"},
		"hard link to nothing":     {[]item{hardlink("a", "b")}, "is not there"},
		"directory becomes link":   {[]item{dir("a"), symlink("a", "../.."), file("a/outside", "x")}, "leaves"},
		"full dir becomes link":    {[]item{file("a/f", "x"), symlink("a", "../..")}, "not empty"},
		"used dir becomes link":    {[]item{dir("a"), file("b/f", ""), dir("a"), symlink("a", "../.."), dir("a/b")}, "leaves"},
		"link renamed by time":     {[]item{dir("a/b"), symlink("l", "a"), dir("l/b"), symlink("l", ".."), file("l/b/x", "")}, "leaves"},
		"top is a file":            {[]item{file(".", "x")}, "top of the image"},
		"top is a link":            {[]item{symlink("./", "/")}, "top of the image"},
		"NUL in name":              {[]item{{h: tar.Header{Name: "a", Typeflag: tar.TypeReg, PAXRecords: map[string]string{"SMARTBOX.x": "y"}}}}, ""},
		"long part":                {[]item{file(strings.Repeat("n", 256), "x")}, "256 bytes"},
		"long path":                {[]item{file(strings.Repeat("p/", 2500)+"x", "x")}, "bytes long"},
		"deep path":                {[]item{file(strings.Repeat("p/", 2000)+"x", "x")}, ""},
		"twice the same":           {[]item{file("a", "1"), dir("a"), file("a/b", "2"), file("a/b", "3")}, ""},
		"devices":                  {[]item{node("null", tar.TypeChar), node("sda", tar.TypeBlock), dir("d")}, ""},
		"file below device":        {[]item{node("null", tar.TypeChar), file("null/x", "")}, ""},
		"file below file":          {[]item{file("a", "x"), file("a/b", "y")}, "not a directory"},
		"dangling link as parent":  {[]item{symlink("a", "nowhere"), file("a/b", "y")}, "not a directory"},
		"loop":                     {[]item{symlink("a", "b"), symlink("b", "a"), file("a/x", "y")}, "loop"},
		"magic link":               {[]item{symlink("a", "/proc/self/cwd"), file("a/sb-evil", "y")}, "leaves"},
		"empty link":               {[]item{{h: tar.Header{Name: "a", Typeflag: tar.TypeSymlink}}}, "no target"},
		"unpack over fifo":         {[]item{node("f", tar.TypeFifo), file("f", "x")}, ""},
		"hard link to itself":      {[]item{file("a", "x"), hardlink("./a", "a")}, ""},
		"several mistakes, 1st":    {[]item{file("../a", "x"), file("/b", "y")}, "../a"},
		"name that floods":         {[]item{file("../"+strings.Repeat("é\n", 4000), "x")}, "..."},
		"directory with attribute": {[]item{{h: tar.Header{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o7777}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := sandbox(t)
			_, err := unpack(t, tarOf(t, tt.items...), root, DefaultLimits())
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			case err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) > 900):
				t.Errorf("not one short line: %.100q (%d bytes)", err, len(err.Error()))
			}
		})
	}
}

func TestUnpack_dropsWhatAZoneMustNotHave(t *testing.T) {
	testenv.RequireRoot(t)
	capability := "\x01\x00\x00\x02" + strings.Repeat("\x00", 16)
	withXattrs := file("cap", "x")
	withXattrs.h.PAXRecords = map[string]string{
		xattrPrefix + "security.capability": capability,
		xattrPrefix + "user.note":           "kept",
		xattrPrefix + "trusted.overlay.o":   "y",
		xattrPrefix + "security.selinux":    "system_u",
	}
	strange := item{h: tar.Header{Name: "strange", Typeflag: tar.TypeReg, Mode: 0o6755, Uid: 70000, Gid: 5}}
	suid := item{h: tar.Header{Name: "suid", Typeflag: tar.TypeReg, Mode: 0o4755, Uid: 65535, Gid: 7}}
	root := sandbox(t)
	res, err := unpack(t, tarOf(t, withXattrs, strange, suid, node("null", tar.TypeChar), node("sda", tar.TypeBlock)), root, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if got := xattrNames(t, filepath.Join(root, "cap")); got != "security.capability user.note" {
		t.Errorf("attributes %q", got)
	}
	for name, want := range map[string][3]uint32{"strange": {0o755, 65534, 5}, "suid": {0o4755, 65535, 7}} {
		var st unix.Stat_t
		if err := unix.Lstat(filepath.Join(root, name), &st); err != nil {
			t.Fatal(err)
		}
		if got := [3]uint32{st.Mode & 0o7777, st.Uid, st.Gid}; got != want {
			t.Errorf("%s: %o, want %o", name, got, want)
		}
	}
	for _, name := range []string{"null", "sda"} {
		if _, err := os.Lstat(filepath.Join(root, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("device node %s is there: %v", name, err)
		}
	}
	notes := strings.Join(res.Notes, "\n")
	for _, want := range []string{"2 device nodes", "1 file to nobody", `"security.selinux", "trusted.overlay.o"`} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q lack %q", notes, want)
		}
	}
}

func xattrNames(t *testing.T, path string) string {
	t.Helper()
	buf := make([]byte, 1024)
	n, err := unix.Llistxattr(path, buf)
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Split(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00")
	var kept []string
	for _, want := range []string{"security.capability", "user.note", "trusted.overlay.o", "security.selinux"} {
		for _, name := range names {
			if name == want {
				kept = append(kept, name)
			}
		}
	}
	return strings.Join(kept, " ")
}

func TestUnpack_bombs(t *testing.T) {
	testenv.RequireRoot(t)
	limits := Limits{Ratio: 10, Floor: 1 << 20}
	t.Run("zeros in gzip", func(t *testing.T) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(tarOf(t, file("big", strings.Repeat("\x00", 8<<20)))); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := unpack(t, b.Bytes(), sandbox(t), limits); !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("sparse file of an exbibyte", func(t *testing.T) {
		if _, err := unpack(t, sparseTar(t, 1<<60), sandbox(t), limits); !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("honest sparse file", func(t *testing.T) {
		root := sandbox(t)
		if _, err := unpack(t, sparseTar(t, 1<<20), root, limits); err != nil {
			t.Fatal(err)
		}
		var st unix.Stat_t
		if err := unix.Lstat(filepath.Join(root, "sparse"), &st); err != nil {
			t.Fatal(err)
		}
		if st.Size != 1<<20 || st.Blocks*512 > 64<<10 {
			t.Errorf("size %d, %d blocks", st.Size, st.Blocks)
		}
	})
}

// sparseTar holds one file of that size with four bytes of data at its start,
// in the PAX 1.0 form of GNU tar.
func sparseTar(t *testing.T, size int64) []byte {
	t.Helper()
	const block = 512
	theMap := "1\n0\n4\n"
	body := theMap + strings.Repeat("\x00", block-len(theMap)) + "data"
	it := file("GNUSparseFile.0/sparse", body)
	records := map[string]string{
		"GNU.sparse.major": "1", "GNU.sparse.minor": "0",
		"GNU.sparse.name": "sparse", "GNU.sparse.realsize": itoa(size),
	}
	return rawPAX(t, it, records)
}
