package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// rawPAX writes an entry with records that archive/tar keeps for itself.
func rawPAX(t *testing.T, it item, records map[string]string) []byte {
	t.Helper()
	var body strings.Builder
	for key, value := range records {
		line := fmt.Sprintf(" %s=%s\n", key, value)
		n := len(line)
		for n != len(line)+len(strconv.Itoa(n)) {
			n = len(line) + len(strconv.Itoa(n))
		}
		body.WriteString(strconv.Itoa(n) + line)
	}
	pax := tarOf(t, file("pax", body.String()))
	pax[156] = tar.TypeXHeader
	for i := 148; i < 156; i++ {
		pax[i] = ' '
	}
	sum := 0
	for _, c := range pax[:512] {
		sum += int(c)
	}
	copy(pax[148:], fmt.Sprintf("%06o\x00 ", sum))
	return append(pax[:len(pax)-1024], tarOf(t, it)...)
}

func sample(t *testing.T) []byte {
	top := dir("./")
	top.h.Mode = 0o711
	return tarOf(t, top, dir("./etc"), file("./etc/passwd", "root:x:0:0\n"), symlink("./bin", "usr/bin"),
		dir("./usr/bin"), file("./usr/bin/sh", strings.Repeat("elf", 100_000)), hardlink("./usr/bin/dash", "./usr/bin/sh"),
		node("./run/initctl", tar.TypeFifo), file("./bin/through", "x"))
}

func checkSample(t *testing.T, root string) {
	t.Helper()
	for name, want := range map[string]string{
		".": "drwx--x--x", "etc/passwd": "-rw-r--r--", "bin": "Lrwxrwxrwx", "usr/bin/dash": "-rw-r--r--",
		"run/initctl": "prw-rw-rw-", "usr/bin/through": "-rw-r--r--",
	} {
		st, err := os.Lstat(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if st.Mode().String() != want {
			t.Errorf("%s: %s, want %s", name, st.Mode(), want)
		}
		if !st.ModTime().Equal(time.Unix(1e9, 0)) && name != "run" {
			t.Errorf("%s: time %v", name, st.ModTime())
		}
	}
	data, err := os.ReadFile(filepath.Join(root, "usr/bin/sh"))
	if err != nil || string(data) != strings.Repeat("elf", 100_000) {
		t.Errorf("content: %d bytes, %v", len(data), err)
	}
}

func TestUnpack_everyCompression(t *testing.T) {
	testenv.RequireRoot(t)
	plain := sample(t)
	for want, tool := range map[string][]string{
		"none": nil, "gzip": {"gzip", "-c"}, "xz": {"xz", "-c"}, "zstd": {"zstd", "-qc"}, "bzip2": {"bzip2", "-c"},
	} {
		t.Run(want, func(t *testing.T) {
			data := plain
			if tool != nil {
				data = pipe(t, plain, tool...)
			}
			c, err := Open(bytes.NewReader(data), DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if c.Compression != want || c.Kind != Tar {
				t.Errorf("found %s, kind %d", c.Compression, c.Kind)
			}
			root := sandbox(t)
			res, err := Unpack(t.Context(), c, root, DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if res.Entries != 9 || len(res.Notes) != 0 || c.read() != int64(len(data)) {
				t.Errorf("%+v, read %d of %d bytes", res, c.read(), len(data))
			}
			checkSample(t, root)
		})
	}
}

func pipe(t *testing.T, in []byte, argv ...string) []byte {
	t.Helper()
	testenv.RequireCommand(t, argv[0])
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestUnpack_truncated cuts every format at many places: always damage, never
// a quiet success, except where a plain archive's own end is complete.
func TestUnpack_truncated(t *testing.T) {
	testenv.RequireRoot(t)
	plain := tarOf(t, dir("a"), file("a/b", strings.Repeat("0123456789abcdef", 2000)), file("a/c", "x"))
	for name, tool := range map[string][]string{
		"none": nil, "gzip": {"gzip", "-c"}, "xz": {"xz", "-c"}, "zstd": {"zstd", "-qc"}, "bzip2": {"bzip2", "-c"},
	} {
		data := plain
		if tool != nil {
			data = pipe(t, plain, tool...)
		}
		for _, cut := range []int{6, len(data) / 4, len(data) / 2, len(data) - len(data)/10} {
			_, err := unpack(t, data[:cut], sandbox(t), DefaultLimits())
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrFormat) {
				t.Errorf("%s cut at %d of %d: %v", name, cut, len(data), err)
			}
		}
	}
}

func TestUnpack_stopsWhenTold(t *testing.T) {
	testenv.RequireRoot(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err := Open(bytes.NewReader(sample(t)), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := Unpack(ctx, c, sandbox(t), DefaultLimits()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestUnpack_fullFileSystem(t *testing.T) {
	testenv.RequireRoot(t)
	mnt := t.TempDir()
	if err := unix.Mount("tmpfs", mnt, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("needs to mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(mnt, 0); err != nil {
			t.Error(err)
		}
	})
	_, err := unpack(t, sample(t), mnt, DefaultLimits())
	if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "usr/bin/sh") {
		t.Errorf("got %v", err)
	}
}

func TestOpen_namesWhatItSees(t *testing.T) {
	zfs := make([]byte, 312)
	copy(zfs[8:], "\xac\xcb\xba\xf5\x02\x00\x00\x00") // drr_magic, little endian
	for name, tt := range map[string]struct{ in, want string }{
		"empty":    {"", "it is empty"},
		"text":     {"hello\n", "looks like text"},
		"json":     {` {"v": 2}`, "JSON (a manifest?)"},
		"html":     {"<!DOCTYPE html><title>404</title>", "web page"},
		"zip":      {"PK\x03\x04rest", "a zip archive"},
		"qcow2":    {"QFI\xfb\x00\x00", "qcow2"},
		"elf":      {"\x7fELF\x02\x01", "a program"},
		"noise":    {"\x9e\x01\x02\x03\x04\x05\x06\x07\x08", "unknown bytes (9e01020304050607)"},
		"zeros":    {strings.Repeat("\x00", 600), "zeros"},
		"bad gzip": {"\x1f\x8b\x08\x00", "ends in the middle of its gzip data"},
		"bad xz":   {"\xfd7zXZ\x00\xff\xff\xff\xff\xff\xff\xff", "xz data"},
		"bad zstd": {"\x28\xb5\x2f\xfd", "zstd data"},
	} {
		c, err := Open(strings.NewReader(tt.in), DefaultLimits())
		if err == nil {
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	for name, data := range map[string][]byte{"plain": zfs, "gzip": pipe(t, zfs, "gzip", "-c")} {
		c, err := Open(bytes.NewReader(data), DefaultLimits())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c.Kind != ZFS {
			t.Errorf("%s: kind %d", name, c.Kind)
		}
		c.Close()
	}
}

func TestOpen_refusesToUnpackTwice(t *testing.T) {
	data := pipe(t, pipe(t, sample(t), "gzip", "-c"), "gzip", "-c")
	if _, err := Open(bytes.NewReader(data), DefaultLimits()); err == nil || !strings.Contains(err.Error(), "gzip data of gzip data once more") {
		t.Errorf("got %v", err)
	}
}

func TestUnpack_emptyArchive(t *testing.T) {
	testenv.RequireRoot(t)
	if _, err := unpack(t, tarOf(t), sandbox(t), DefaultLimits()); err == nil || !strings.Contains(err.Error(), "no entries") {
		t.Errorf("got %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	if os.Geteuid() != 0 {
		f.Skip("needs root: owners are set")
	}
	f.Add(tarOf(f, dir("a"), symlink("a/l", "../.."), file("a/l/outside", "x")))
	f.Add(tarOf(f, file("a", "x"), hardlink("b", "a"), node("c", tar.TypeFifo), file("../x", "y")))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := Limits{Ratio: 100, Floor: 1 << 20}
		_, _ = unpack(t, data, sandbox(t), limits) // sandbox checks the outside
	})
}
