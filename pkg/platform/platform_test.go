package platform

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/smartbox-os/smartbox/pkg/platform/kernel"
)

// sealed is an image's directory with some content.
func sealed(t *testing.T) (string, *Signer) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{KernelFile, InitramfsFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("content of "+name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := NewSigner(filepath.Join(t.TempDir(), "keys", "a.key"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Seal(dir, Manifest{Stamp: "20260102T030405Z", Release: "6"}, s); err != nil {
		t.Fatal(err)
	}
	return dir, s
}

func TestVerify(t *testing.T) {
	dir, s := sealed(t)
	keys := []Key{s.Public()}
	if m, err := Verify(dir, keys); err != nil || m.Stamp != "20260102T030405Z" || len(m.Files) != 2 {
		t.Fatalf("%+v, %v", m, err)
	}
	other, err := NewSigner(filepath.Join(t.TempDir(), "b.key"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(dir, []Key{other.Public()}); !errors.Is(err, ErrUntrusted) {
		t.Errorf("a stranger's image: %v", err)
	}
	if _, err := Verify(dir, nil); !errors.Is(err, ErrUntrusted) {
		t.Errorf("without keys: %v", err)
	}
}

// Every change of any byte is found.
func TestVerify_findsChanges(t *testing.T) {
	for _, name := range []string{KernelFile, InitramfsFile, ManifestFile, SignatureFile} {
		for _, how := range []string{"flip", "cut", "append", "gone"} {
			dir, s := sealed(t)
			file := filepath.Join(dir, name)
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			switch how {
			case "flip":
				data[len(data)/2] ^= 1
			case "cut":
				data = data[:len(data)-4]
			case "append":
				data = append(data, "more"...)
			}
			if how == "gone" {
				err = os.Remove(file)
			} else {
				err = os.WriteFile(file, data, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Verify(dir, []Key{s.Public()}); err == nil {
				t.Errorf("%s %s is not noticed", name, how)
			} else if how == "gone" && name == SignatureFile && !errors.Is(err, ErrUnsigned) {
				t.Errorf("unsigned: %v", err)
			}
		}
	}
}

func TestSigner_roundTrip(t *testing.T) {
	file := filepath.Join(t.TempDir(), "site.key")
	s, err := NewSigner(file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadSigner(file)
	if err != nil || again.Public().ID() != s.Public().ID() {
		t.Fatalf("%v", err)
	}
	keys, err := Keys(filepath.Dir(file), "/nonexistent")
	if err != nil || len(keys) != 1 || keys[0].ID() != s.Public().ID() {
		t.Errorf("%v, %v", keys, err)
	}
	if fi, err := os.Stat(file); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("the private key: %v, %v", fi, err)
	}
	if _, err := NewSigner(file); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key is replaced: %v", err)
	}
	if _, err := LoadSigner(file + ".pub"); err == nil {
		t.Error("a public key signs")
	}
	if _, err := ParseKey([]byte("hello")); err == nil {
		t.Error("a text is a key")
	}
}

func TestParseManifest_refuses(t *testing.T) {
	sum := strings.Repeat("a", 64)
	file := func(name string) string { return `{"name":"` + name + `","size":1,"sha256":"` + sum + `"}` }
	both := file("vmlinuz") + "," + file("initramfs.zst")
	head := `{"v":1,"kind":"smartbox-platform","stamp":"20260102T030405Z","release":"","smartbox":"","profile":"","files":[`
	if _, err := ParseManifest([]byte(head + both + "]}")); err != nil {
		t.Fatal(err)
	}
	for want, text := range map[string]string{
		"must be in it":           head + file("vmlinuz") + "]}",
		"is there twice":          head + both + "," + file("vmlinuz") + "]}",
		`"../x" cannot be`:        head + both + "," + file("../x") + "]}",
		`".x" cannot be`:          head + both + "," + file(".x") + "]}",
		`"manifest.sig" cannot`:   head + both + "," + file("manifest.sig") + "]}",
		"is not a platform stamp": strings.Replace(head, "20260102T030405Z", "../../etc", 1) + both + "]}",
		"is not one of":           strings.Replace(head, "smartbox-platform", "other", 1) + both + "]}",
		"unknown field":           strings.Replace(head, `"v"`, `"w":1,"v"`, 1) + both + "]}",
		"has no sha256":           strings.ReplaceAll(head+both+"]}", sum, "aa"),
		"cannot have -1 bytes":    strings.ReplaceAll(head+both+"]}", `"size":1`, `"size":-1`),
		"EOF":                     "",
	} {
		if _, err := ParseManifest([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"v":1,"kind":"smartbox-platform","stamp":"20260102T030405Z","files":[]}`))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = ParseManifest(data) })
}

func FuzzCheckSignature(f *testing.F) {
	f.Add([]byte("m"), []byte("id c2ln\n"))
	f.Fuzz(func(t *testing.T, data, sig []byte) {
		if CheckSignature(data, sig, []Key{make(Key, 32)}) == nil {
			t.Error("a signature out of nothing")
		}
	})
}

func TestStamp(t *testing.T) {
	s := Stamp(time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("x", 3600)))
	if s != "20260102T020405Z" || CheckStamp(s) != nil {
		t.Error(s)
	}
	for _, bad := range []string{"", "20260102", "20260102T020405Z/..", "../x", "20261302T020405Z"} {
		if CheckStamp(bad) == nil {
			t.Errorf("%q is a stamp", bad)
		}
	}
}

// fakeKernel is an unpacked kernel with this host's word for it that it is one.
func fakeKernel(t *testing.T) *kernel.Kernel {
	t.Helper()
	dir := t.TempDir()
	image := make([]byte, 4096)
	copy(image[0x202:], "HdrS")
	file := filepath.Join(dir, "vmlinuz")
	if err := os.WriteFile(file, image, 0o644); err != nil {
		t.Fatal(err)
	}
	return &kernel.Kernel{Release: "1.2", Image: file, Modules: dir, Index: &kernel.Index{Builtin: []string{"ext4"}}}
}

func TestBuild_sameBytesAndWhole(t *testing.T) {
	_, signer := sealed(t)
	k := fakeKernel(t)
	build := func(dir string) map[string][]byte {
		b := &Image{
			Spec:  Spec{Kernel: k, Binary: "/proc/self/exe", Tools: []string{"zpool", "zfs"}, Modules: []string{"ext4", "no?"}, Files: BaseFiles()},
			Stamp: "20260102T030405Z", Signer: signer,
		}
		if _, err := b.Build(dir); err != nil {
			t.Fatal(err)
		}
		all := map[string][]byte{}
		for _, name := range []string{KernelFile, InitramfsFile, ManifestFile, SignatureFile} {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			all[name] = data
		}
		if _, err := b.Build(dir); err == nil || !strings.Contains(err.Error(), "is there already") {
			t.Errorf("a second build there: %v", err)
		}
		return all
	}
	top := t.TempDir()
	one, two := build(filepath.Join(top, "one")), build(filepath.Join(top, "deeper", "two"))
	for name := range one {
		if !bytes.Equal(one[name], two[name]) {
			t.Errorf("%s differs between two builds of the same", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(top, ".platform-*")); left != nil {
		t.Errorf("left: %v", left)
	}
	names := unpackNames(t, one[InitramfsFile])
	for _, want := range []string{"init", "usr/sbin/zpool", "etc/smartbox/platform", "dev/console", "lib/modules/1.2/modules.dep"} {
		if !strings.Contains("\n"+names, "\n"+want+"\n") {
			t.Errorf("no %s in the initramfs:\n%s", want, names)
		}
	}
}

func unpackNames(t *testing.T, initramfs []byte) string {
	t.Helper()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("needs busybox, whose cpio reads the archive")
	}
	z, err := zstd.NewReader(bytes.NewReader(initramfs))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	cmd := exec.Command(busybox, "cpio", "-t")
	cmd.Stdin = z
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestBuild_failsWhole(t *testing.T) {
	_, signer := sealed(t)
	top := t.TempDir()
	for want, change := range map[string]func(*Image){
		"no such file":         func(b *Image) { b.Binary = "/nonexistent/smartbox" },
		"this kernel has no x": func(b *Image) { b.Modules = []string{"x"} },
		"not a platform stamp": func(b *Image) { b.Stamp = "today" },
		"program /no":          func(b *Image) { b.Programs = []Program{{Path: "/no"}} },
	} {
		b := &Image{Spec: Spec{Kernel: fakeKernel(t), Binary: "/proc/self/exe"}, Stamp: "20260102T030405Z", Signer: signer}
		change(b)
		if _, err := b.Build(filepath.Join(top, "x")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if left, _ := os.ReadDir(top); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
