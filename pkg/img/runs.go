package img

import (
	"debug/elf"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/smartbox-os/smartbox/internal/beneath"
)

// ErrForeign says that an image's programs cannot run on this host.
var ErrForeign = errors.New("cannot run on this host")

// RunsHere looks at an installed image's programs, or, where it has none, at
// its manifest, and returns an error (ErrForeign) that tells why machines made
// from it could not run. Disks (zvol) bring their own system and always run.
func (i *Image) RunsHere() error {
	if i.Manifest.Type == "zvol" {
		return nil
	}
	kind, found := i.programs()
	if !found && (i.Manifest.OS == "smartos" || i.Manifest.OS == "illumos") {
		kind = illumos
	}
	if kind == "" {
		return nil
	}
	hint := "choose one whose os is linux (imgadm avail os=linux)"
	if kind != illumos && kind != freebsd {
		hint = "choose one for " + runtime.GOARCH
	}
	return &Error{
		Code: CodeUnsupported, Hint: hint,
		Err: fmt.Errorf("image %s holds %s programs and %w; %s", i.Manifest.Title(), kind, ErrForeign, hint),
	}
}

const (
	illumos = "illumos"
	freebsd = "FreeBSD"
)

// probes are programs that say what system an image is, in the order in which
// they are looked for.
var probes = []string{
	"sbin/init", "bin/sh", "usr/bin/sh", "bin/bash", "usr/bin/bash", "bin/busybox",
	"usr/lib/systemd/systemd", "lib/svc/bin/svc.startd", "opt/local/bin/bash", "opt/local/sbin/pkg_add",
}

// programs names the foreign system that the image's programs are for, "" for
// those that run here. Where no program is found, found is false.
func (i *Image) programs() (kind string, found bool) {
	if i.Dir == "" {
		return "", false
	}
	tree, err := beneath.Open(filepath.Join(i.Dir, "root"))
	if err != nil {
		return "", false
	}
	defer tree.Close()
	for _, name := range probes {
		if kind, ok := foreign(tree, name); ok {
			return kind, true
		}
	}
	return "", false
}

// foreign reads one program's ELF header; ok is false when it is none.
func foreign(tree *beneath.Tree, name string) (kind string, ok bool) {
	f, err := tree.Read(name)
	if err != nil {
		return "", false
	}
	defer f.Close()
	e, err := elf.NewFile(f)
	if err != nil {
		return "", false
	}
	switch {
	case e.OSABI == elf.ELFOSABI_SOLARIS, isSolarisLoader(interpreter(e)):
		return illumos, true
	case e.OSABI == elf.ELFOSABI_FREEBSD:
		return freebsd, true
	}
	return machine(e.Machine), true
}

// isSolarisLoader knows illumos's dynamic linker; programs of the illumos base
// system carry no other mark.
func isSolarisLoader(path string) bool {
	switch strings.TrimPrefix(path, "/usr") {
	case "/lib/ld.so.1", "/lib/64/ld.so.1", "/lib/amd64/ld.so.1", "/lib/i386/ld.so.1":
		return true
	}
	return false
}

// interpreter is the program header PT_INTERP, at most as long as a path.
func interpreter(e *elf.File) string {
	for _, p := range e.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > 4096 {
			continue
		}
		path := make([]byte, p.Filesz)
		n, _ := p.ReadAt(path, 0) // a short one names no loader
		return strings.TrimRight(string(path[:n]), "\x00")
	}
	return ""
}

// machine names the processor that a program is for when it is not this one.
func machine(m elf.Machine) string {
	switch {
	case runtime.GOARCH == "amd64" && (m == elf.EM_X86_64 || m == elf.EM_386):
		return ""
	case runtime.GOARCH == "arm64" && (m == elf.EM_AARCH64 || m == elf.EM_ARM):
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(m.String(), "EM_"))
}
