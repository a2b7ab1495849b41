package img

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// program is the smallest ELF file with a header and an interpreter.
func program(abi elf.OSABI, machine elf.Machine, loader string) string {
	const header, phdr = 64, 56
	b := make([]byte, header+phdr)
	copy(b, elf.ELFMAG)
	b[elf.EI_CLASS], b[elf.EI_DATA], b[elf.EI_VERSION], b[elf.EI_OSABI] = 2, 1, 1, byte(abi)
	le := binary.LittleEndian
	le.PutUint16(b[16:], uint16(elf.ET_EXEC))
	le.PutUint16(b[18:], uint16(machine))
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[32:], header) // e_phoff
	le.PutUint16(b[52:], header)
	le.PutUint16(b[54:], phdr)
	le.PutUint16(b[56:], 1) // e_phnum
	p := b[header:]
	le.PutUint32(p, uint32(elf.PT_INTERP))
	le.PutUint64(p[8:], header+phdr)
	le.PutUint64(p[32:], uint64(len(loader)+1))
	return string(b) + loader + "\x00"
}

func TestRunsHere(t *testing.T) {
	here, other := elf.EM_X86_64, elf.EM_AARCH64
	if runtime.GOARCH == "arm64" {
		here, other = other, here
	}
	sun, gnu := "/lib/ld.so.1", "/lib64/ld-linux-x86-64.so.2"
	for name, tt := range map[string]struct {
		os, kind string
		files    map[string]string // "->" begins a link
		want     string
	}{
		"linux":              {"linux", "lx-dataset", map[string]string{"bin/sh": program(elf.ELFOSABI_NONE, here, gnu)}, ""},
		"empty sparse":       {"linux", "zone-dataset", nil, ""},
		"illumos by loader":  {"linux", "zone-dataset", map[string]string{"usr/bin/sh": program(elf.ELFOSABI_NONE, here, "/usr/lib/amd64/ld.so.1")}, "holds illumos programs and cannot run on this host; choose one whose os is linux"},
		"illumos by abi":     {"smartos", "zone-dataset", map[string]string{"bin/sh": program(elf.ELFOSABI_SOLARIS, here, sun)}, "illumos"},
		"illumos, sparse":    {"smartos", "zone-dataset", map[string]string{"opt/local/bin/bash": program(elf.ELFOSABI_NONE, here, sun)}, "illumos"},
		"illumos, no file":   {"smartos", "zone-dataset", nil, "illumos"},
		"called smartos":     {"smartos", "zone-dataset", map[string]string{"bin/sh": program(elf.ELFOSABI_LINUX, here, gnu)}, ""},
		"a link in the root": {"linux", "zone-dataset", map[string]string{"bin/sh": "->/usr/bin/dash", "usr/bin/dash": program(elf.ELFOSABI_NONE, here, sun)}, "illumos"},
		"a link outside":     {"linux", "lx-dataset", map[string]string{"sbin/init": "->../../../../outside"}, ""},
		"other processor":    {"linux", "lx-dataset", map[string]string{"bin/sh": program(elf.ELFOSABI_NONE, other, gnu)}, "choose one for " + runtime.GOARCH},
		"freebsd":            {"bsd", "other", map[string]string{"bin/sh": program(elf.ELFOSABI_FREEBSD, here, "/libexec/ld-elf.so.1")}, "FreeBSD"},
		"a script":           {"linux", "lx-dataset", map[string]string{"sbin/init": "#!/bin/sh\n", "bin/sh": program(elf.ELFOSABI_NONE, here, gnu)}, ""},
		"a disk":             {"smartos", "zvol", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			if err := os.WriteFile(filepath.Join(top, "outside"), []byte(program(elf.ELFOSABI_SOLARIS, here, sun)), 0o600); err != nil {
				t.Fatal(err)
			}
			i := &Image{Dir: filepath.Join(top, "a"), Manifest: &manifest.Manifest{UUID: testUUID, Name: "a", Version: "1", OS: tt.os, Type: tt.kind}}
			if err := os.MkdirAll(filepath.Join(i.Dir, "root"), 0o700); err != nil {
				t.Fatal(err)
			}
			for file, text := range tt.files {
				put(t, filepath.Join(i.Dir, "root", file), text)
			}
			err := i.RunsHere()
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	if target, ok := strings.CutPrefix(text, "->"); ok {
		err = os.Symlink(target, path)
	} else {
		err = os.WriteFile(path, []byte(text), 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzProgram(f *testing.F) {
	f.Add([]byte(program(elf.ELFOSABI_SOLARIS, elf.EM_X86_64, "/lib/ld.so.1")))
	f.Fuzz(func(t *testing.T, data []byte) {
		i := &Image{Dir: t.TempDir(), Manifest: &manifest.Manifest{OS: "linux"}}
		put(t, filepath.Join(i.Dir, "root/bin/sh"), string(data))
		_ = i.RunsHere()
	})
}
