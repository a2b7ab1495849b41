package usdt

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

var shop = []Provider{{Name: "shop", Probes: []Probe{
	{Name: "go__now"}, {Name: "sale", Args: []Arg{{"int", 4, true}, {"char *", 8, false}}},
}}}

func TestHeader(t *testing.T) {
	got := Header("dir/my-prov.h", shop)
	for _, want := range []string{
		"#ifndef\t_MY_PROV_H\n", "#define\tSHOP_GO_NOW() \\\n\t__dtrace_shop___go__now()\n",
		"extern void __dtrace_shop___go__now(void);\n", "#define\tSHOP_SALE(arg0, arg1) \\\n\t__dtrace_shop___sale(arg0, arg1)\n",
		"extern void __dtrace_shop___sale(int, char *);\n", "SHOP_SALE_ENABLED() \\\n\t__builtin_expect(__dtraceenabled_shop___sale(), 0)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestOperands(t *testing.T) {
	args := []Arg{{"char", 1, true}, {"short", 2, true}, {"int", 4, true}, {"long", 8, true}, {"", 8, false}, {"", 4, false}, {"", 8, false}, {"", 4, true}}
	const regs = "-1@%dil -2@%si -4@%edx -8@%rcx 8@%r8 4@%r9d "
	if got := operands(args, false); got != regs+"8@0(%rsp) -4@8(%rsp)" {
		t.Errorf("got %s", got)
	}
	if got := operands(args, true); got != regs+"8@8(%rsp) -4@16(%rsp)" {
		t.Errorf("got %s", got)
	}
}

// TestDefine reads the object with another's eyes.
func TestDefine(t *testing.T) {
	data, err := Define(shop)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]elf.Symbol{}
	for _, s := range symbols {
		got[s.Name] = s
	}
	for name, section := range map[string]string{"__dtrace_shop___sale": ".probes", "__dtraceenabled_shop___go__now": ".text"} {
		s, ok := got[name]
		if !ok || f.Sections[s.Section].Name != section || elf.ST_VISIBILITY(s.Other) != elf.STV_HIDDEN {
			t.Errorf("%s is %+v", name, s)
		}
	}
}

// object compiles a program.
func compiled(t testing.TB, text string, flags ...string) []byte {
	t.Helper()
	testenv.RequireCommand(t, "gcc")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "p.c"), filepath.Join(dir, "p.o")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.Command("gcc", append(flags, "-c", "-o", out, in)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const program = `void __dtrace_shop___sale(int, char *); void __dtrace_shop___go__now(void);
static void in(int n) { __dtrace_shop___sale(n, "x"); __asm__ volatile(""); }
void tail(void) { __dtrace_shop___go__now(); }
int main(void) { in(1); in(2); tail(); return 0; }
`

func TestRewrite(t *testing.T) {
	for _, flags := range [][]string{{"-O0"}, {"-O2", "-fno-inline", "-fPIC"}, {"-O2", "-fno-inline", "-fPIC", "-fno-plt"}, {"-O2", "-ffunction-sections"}} {
		data := compiled(t, program, flags...)
		before := bytes.Clone(data)
		got, err := Rewrite(data, shop)
		if err != nil {
			t.Fatalf("%q: %v", flags, err)
		}
		if !bytes.Equal(data, before) {
			t.Errorf("%q: the input was changed", flags)
		}
		f, err := elf.NewFile(bytes.NewReader(got))
		if err != nil {
			t.Fatalf("%q: %v", flags, err)
		}
		if f.Section(".note.stapsdt") == nil || f.Section(".rela.note.stapsdt") == nil {
			t.Errorf("%q: no notes", flags)
		}
		again, err := Rewrite(got, shop)
		if err != nil || again != nil {
			t.Errorf("%q: was rewritten twice: %v", flags, err)
		}
	}
}

func TestRewriteRefuses(t *testing.T) {
	if got, err := Rewrite(compiled(t, "int main(void) { return 0; }"), shop); err != nil || got != nil {
		t.Errorf("an object without probes: %v", err)
	}
	if _, err := Rewrite(compiled(t, program), nil); err == nil || !strings.Contains(err.Error(), "used and not declared") {
		t.Errorf("got %v", err)
	}
	pointer := "void __dtrace_shop___go__now(void); void *p(void) { return __dtrace_shop___go__now; }"
	if _, err := Rewrite(compiled(t, pointer, "-fno-pic", "-O2"), shop); err == nil {
		t.Error("an address of a probe was taken")
	}
	for _, data := range [][]byte{nil, []byte("\x7fELF"), bytes.Repeat([]byte{0}, 100), compiled(t, program)[:200]} {
		if _, err := Rewrite(data, shop); !errors.Is(err, ErrObject) {
			t.Errorf("%d bytes: %v", len(data), err)
		}
	}
}

func FuzzRewrite(f *testing.F) {
	f.Add(compiled(f, program))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = Rewrite(data, shop)
	})
}
