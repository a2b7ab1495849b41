package e2e

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	repo      = "../.."
	sizeLimit = 20 << 20
)

// built is what "make build" made.
func built(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(repo, "build", "smartbox")
	if _, err := os.Stat(binary); err != nil {
		t.Skip("needs build/smartbox: make build")
	}
	return binary
}

func TestBinary_isStaticAndSmall(t *testing.T) {
	binary := built(t)
	st, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	if st.Size() > sizeLimit {
		t.Errorf("the binary has %d bytes, more than %d", st.Size(), sizeLimit)
	}
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary is not static: it has %v", p.Type)
		}
	}
}

func TestInstall_intoAStagingDirectory(t *testing.T) {
	built(t)
	dest := t.TempDir()
	cmd := exec.Command(filepath.Join(repo, "scripts", "install.sh"), dest, "/usr/local")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	at := func(name string) string { return filepath.Join(dest, name) }
	if target, err := os.Readlink(at("usr/local/sbin/vmadm")); err != nil || target != "smartbox" {
		t.Errorf("the link vmadm leads to %q: a staging directory could not be moved", target)
	}
	out, err := exec.Command(at("usr/local/sbin/vmadm"), "-h").Output()
	if err != nil || !strings.Contains(string(out), "vmadm") {
		t.Errorf("vmadm -h: %v: %s", err, out)
	}
	for name, want := range map[string]string{
		"usr/local/share/man/man8/vmadm.8":                        ".TH",
		"usr/local/share/man/man8/smartbox.8":                     ".TH",
		"usr/local/share/bash-completion/completions/zoneadm":     "complete -F",
		"usr/local/share/zsh/site-functions/_smartbox":            "#compdef",
		"usr/local/share/fish/vendor_completions.d/smartbox.fish": "complete -c",
		"etc/systemd/system/smartbox-zones.service":               "ExecStart=/usr/local/sbin/smartbox svc-zones start",
	} {
		if text, err := os.ReadFile(at(name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: no %q in it (%v)", name, want, err)
		}
	}
}
