package probe

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/hex"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

func TestInstructionLen(t *testing.T) {
	for code, want := range map[string]int{
		"90": 1, "c3": 1, "f30f1efa": 4, "55": 1, "4889e5": 3, "e800000000": 5, "ff1500000000": 6,
		"48b80102030405060708": 10, "b801020304": 5, "66b80102": 4, "0f1f440000": 5, "660f1f840000000000": 9,
		"c5f877": 3, "c4e27918c0": 5, "62f1fe486f00": 6, "62f37d48 3a c001": 7, "f6c001": 3, "f7d8": 2, "f7c001020304": 6,
		"488d04c500000000": 8, "8b4424": 0, "06": 0, "": 0, "6666666666666666666666666666666690": 0,
		"0f8400000000": 6, "7405": 2, "c21000": 3, "660f3a0fc108": 6, "64488b042528000000": 9,
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(code, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := instructionLen(b); got != want {
			t.Errorf("%s: got %d, want %d", code, got, want)
		}
	}
}

// TestObjdump compares a whole program with what objdump says.
func TestObjdump(t *testing.T) {
	testenv.RequireCommand(t, "objdump")
	for _, file := range []string{"/bin/bash", "/lib/x86_64-linux-gnu/libc.so.6"} {
		f, err := elf.Open(file)
		if err != nil {
			t.Logf("not here: %v", err)
			continue
		}
		defer f.Close()
		text := f.Section(".text")
		code, err := text.Data()
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("objdump", "-d", "-j", ".text", "--no-show-raw-insn", "--insn-width=16", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		compare(t, file, code, text.Addr, out)
	}
}

func compare(t *testing.T, file string, code []byte, base uint64, listing []byte) {
	t.Helper()
	wrong, all := 0, 0
	last, lastText := uint64(0), ""
	lines := bufio.NewScanner(bytes.NewReader(listing))
	for lines.Scan() {
		head, rest, ok := strings.Cut(lines.Text(), ":\t")
		addr, err := strconv.ParseUint(strings.TrimSpace(head), 16, 64)
		if !ok || err != nil {
			continue
		}
		// objdump tells some prefixes and the wait instruction apart from what
		// follows them, and data as bad.
		odd := strings.Contains(lastText, "(bad)") || lastText == "fwait" || strings.HasPrefix(lastText, "rex") || strings.HasPrefix(lastText, "data16") && !strings.Contains(lastText, "0x")
		if last != 0 && !odd {
			all++
			if n := instructionLen(code[last-base:]); uint64(n) != addr-last {
				if wrong++; wrong < 10 {
					t.Errorf("%s: %s at %x has %d bytes, want %d", file, lastText, last, n, addr-last)
				}
			}
		}
		last, lastText = addr, strings.TrimSpace(rest)
	}
	if all < 10000 {
		t.Errorf("%s: only %d instructions compared", file, all)
	}
}

func FuzzInstructionLen(f *testing.F) {
	f.Add([]byte{0xc4, 0xe2, 0x79, 0x18, 0xc0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := instructionLen(b); n < 0 || n > len(b) || n > 15 {
			t.Errorf("%x has %d bytes", b, n)
		}
	})
}
