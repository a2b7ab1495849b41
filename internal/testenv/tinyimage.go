package testenv

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// TinyImageUUID is the uuid of the image that TinyImage makes.
const TinyImageUUID = "b0b0b0b0-0000-4000-8000-00000000b0b0"

// TinyImage makes an image for lx zones of the host's static busybox alone: its
// init, a shell, the usual commands. It writes tiny.json and tiny.tar.gz.
func TinyImage(dir string) error {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		return err
	}
	names, err := exec.Command(busybox, "--list").Output()
	if err != nil {
		return err
	}
	archive, err := tinyArchive(program, strings.Fields(string(names)))
	if err != nil {
		return err
	}
	manifest := fmt.Sprintf(`{"v": 2, "uuid": %q, "owner": "00000000-0000-0000-0000-000000000000",
		"name": "tiny", "version": "1.0.0", "state": "active", "disabled": false, "public": true, "os": "linux",
		"type": "lx-dataset", "published_at": "2026-01-01T00:00:00Z", "requirements": {"brand": "lx"},
		"files": [{"sha1": "%x", "size": %d, "compression": "gzip"}]}`, TinyImageUUID, sha1.Sum(archive), len(archive))
	if err := os.WriteFile(filepath.Join(dir, "tiny.json"), []byte(manifest), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "tiny.tar.gz"), archive, 0o644)
}

func tinyArchive(program []byte, commands []string) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tinyTar{Writer: tar.NewWriter(z)}
	for _, dir := range []string{"bin", "sbin", "etc", "dev", "proc", "sys", "tmp", "root", "var", "var/svc", "usr", "usr/bin", "usr/sbin"} {
		t.put(tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}, "")
	}
	t.put(tar.Header{Name: "bin/busybox", Mode: 0o755}, string(program))
	for _, c := range commands {
		if c != "busybox" {
			t.put(tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + c, Linkname: "busybox"}, "")
		}
	}
	t.put(tar.Header{Typeflag: tar.TypeSymlink, Name: "sbin/init", Linkname: "/bin/busybox"}, "")
	t.put(tar.Header{Name: "etc/inittab", Mode: 0o644}, "::sysinit:/bin/true\n::ctrlaltdel:/bin/reboot\n::shutdown:/bin/true\n")
	t.put(tar.Header{Name: "etc/passwd", Mode: 0o644}, "root:x:0:0:root:/root:/bin/sh\n")
	t.put(tar.Header{Name: "etc/group", Mode: 0o644}, "root:x:0:\n")
	if t.err == nil {
		t.err = t.Close()
	}
	if t.err == nil {
		t.err = z.Close()
	}
	return b.Bytes(), t.err
}

// tinyTar keeps the first error, so that a list of entries reads as one.
type tinyTar struct {
	*tar.Writer
	err error
}

func (t *tinyTar) put(h tar.Header, content string) {
	if t.err != nil {
		return
	}
	h.Size = int64(len(content))
	if t.err = t.WriteHeader(&h); t.err == nil {
		_, t.err = t.Write([]byte(content))
	}
}
