package sym

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	for want, n := range map[string]Name{
		"a`f+0x10": {Addr: 1, Module: "a", Symbol: "f", Offset: 16},
		"a`f":      {Addr: 1, Module: "a", Symbol: "f"},
		"a`0xff":   {Addr: 255, Module: "a"},
		"0xff":     {Addr: 255},
	} {
		if n.String() != want {
			t.Errorf("got %q, want %q", n, want)
		}
	}
}

func TestKallsyms(t *testing.T) {
	k := Kernel{loaded: true, symbols: parseKallsyms([]byte("20 T b\n10 t a\n18 d data\n30 T c\t[ext4]\n0 T zero\nbad\n"))}
	for addr, want := range map[uint64]string{0x10: "vmlinux`a", 0x1f: "vmlinux`a+0xf", 0x20: "vmlinux`b", 0x31: "ext4`c+0x1", 1: "0x1"} {
		if got := k.Lookup(addr).String(); got != want {
			t.Errorf("%#x: got %q, want %q", addr, got, want)
		}
	}
}

// TestOwnProcess names a function of the test itself.
func TestOwnProcess(t *testing.T) {
	if _, err := os.ReadDir("/proc/self/map_files"); err != nil || os.Geteuid() != 0 {
		t.Skip("needs root to open the files of a process by its mappings")
	}
	var u User
	pc := reflect.ValueOf(TestOwnProcess).Pointer()
	n := u.Lookup(os.Getpid(), uint64(pc))
	if !strings.HasSuffix(n.Symbol, "sym.TestOwnProcess") && n.Symbol != "" || n.Module != "sym.test" {
		t.Errorf("got %+v", n)
	}
	if n := u.Lookup(os.Getpid(), 8); n.String() != "0x8" {
		t.Errorf("got %q for no mapping", n)
	}
}

func FuzzMaps(f *testing.F) {
	f.Add("00400000-00401000 r-xp 00000000 08:01 12 /bin/a\n")
	f.Fuzz(func(_ *testing.T, text string) {
		search(parseMaps(1, text), 0x400000)
		parseKallsyms([]byte(text))
	})
}
