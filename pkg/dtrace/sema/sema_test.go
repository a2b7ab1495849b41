package sema

import (
	"errors"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// fewProbes is a host with two probes.
type fewProbes struct{}

var two = []*Probe{{ID: 1, Provider: "dtrace", Name: "BEGIN"}, {ID: 2, Provider: "dtrace", Name: "END"}}

func (fewProbes) Match(desc string) ([]*Probe, error) {
	var found []*Probe
	for _, p := range two {
		if desc == p.Name {
			found = append(found, p)
		}
	}
	return found, nil
}

func (fewProbes) ByID(id uint64) *Probe {
	if id < 1 || id > 2 {
		return nil
	}
	return two[id-1]
}

func check(t *testing.T, text string) (*ir.Program, error) {
	t.Helper()
	k := New(Env{Probes: fewProbes{}, Options: Options{StrSize: 256, StackFrames: 20, UStackFrame: 20}})
	p, err := lang.Parse(text, lang.Options{Args: []string{"test"}, IsType: k.IsType})
	if err != nil {
		return nil, err
	}
	return k.Program(), k.Add(p)
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text, tag string
		line      int
		msg       string
	}{
		{"BEGIN { nosuch }", "D_IDENT_UNDEF", 1, "failed to resolve nosuch"},
		{"NOSUCH { exit(0) }", "D_PDESC_ZERO", 1, "does not match any probes"},
		{"BEGIN {\n\n nosuch(); }", "D_FUNC_UNDEF", 3, "undefined function name: nosuch"},
		{"BEGIN { exit(1, 2) }", "D_PROTO_LEN", 1, "prototype mismatch"},
		{"BEGIN { strlen(1) }", "D_PROTO_ARG", 1, "argument #1 is incompatible"},
		{"BEGIN { count() }", "D_AGG_NULL", 1, "must be assigned to an aggregation"},
		{"BEGIN { @a = count(); @a = sum(1) }", "D_AGG_REDEF", 1, "a"},
		{"BEGIN { @a = lquantize(1, 10, 0) }", "D_LQUANT_MISMATCH", 1, "less than limit"},
		{"BEGIN { @a = lquantize(1, 0, 10, 20) }", "D_LQUANT_STEPLARGE", 1, "too large"},
		{"BEGIN { clear(@nosuch) }", "D_CLEAR_AGGBAD", 1, "undefined aggregation"},
		{"BEGIN { trace(1); speculate(1) }", "D_SPEC_DREC", 1, "may not follow data-recording"},
		{"BEGIN { stack(0) }", "D_STACK_SIZE", 1, "non-zero positive integer"},
		{"BEGIN { printf(\"%d\") }", "D_PRINTF_ARG_PROTO", 1, "prototype mismatch"},
		{"BEGIN { printf(\"%d\", \"a\") }", "D_PRINTF_ARG_TYPE", 1, "incompatible"},
		{"void x; BEGIN { }", "D_DECL_VOIDOBJ", 1, "void object"},
		{"struct s { int a; }; struct s v; BEGIN { v.b = 1 }", "D_TYPE_MEMBER", 1, "b"},
		{"BEGIN { x = 1; x = \"a\" }", "D_OP_INCOMPAT", 1, ""},
		{"BEGIN { 1 = 2 }", "D_OP_LVAL", 1, ""},
		{"BEGIN { tracemem(1, 0) }", "D_TRACEMEM_SIZE", 1, "non-zero"},
		{"enum e { A, A\n};", "D_UNKNOWN", 2, "Duplicate member"},
		{"enum e { A }; enum f { B,\nA\n};", "D_DECL_IDRED", 3, "A"},
		{"enum e {\n big = 2147483648\n};", "D_DECL_ENOFLOW", 3, "big"},
		{"long struct s\n{ int i; };", "D_DECL_LONGINT", 2, "long"},
		{"int f(int a[int]);", "D_DECL_PROTO_TYPE", 1, "function prototype may not use parameter of type dynamic variable: a, parameter #1"},
		{"int a[int, void];", "D_DECL_PROTO_TYPE", 1, "array prototype may not use parameter of type void: (anonymous), parameter #2"},
		{"int f(int, void);", "D_DECL_PROTO_VOID", 1, "sole"},
		{"int a[int, ...];", "D_DECL_PROTO_VARARGS", 1, "variable-length"},
		{"BEGIN { x = -trace(1) }", "D_OP_ARITH", 1, "arithmetic"},
		{"BEGIN { x = 1 ? trace(1) : 2 }", "D_OP_ACT", 1, "conditional"},
		{"BEGIN { x = trace(1) && 1 }", "D_OP_SCALAR", 1, "scalar"},
		{"BEGIN { 1, exit(1) }", "D_CG_EXPR", 1, "exit( )"},
		{"BEGIN /stack(), exit(1)/ { }", "D_CG_EXPR", 1, ""},
		{"BEGIN /\"a\" && \"b\"/\n\n{ }", "D_OP_SCALAR", 3, "operator &&"},
		{"int a[2]; int b[2]; BEGIN { a = b }", "D_OP_ARRFUN", 1, "int [2]"},
		{"BEGIN { trace(args[\"a\"]) }", "D_PROTO_ARG", 1, "integer constant"},
		{"struct b { int a:3; }; struct b v; BEGIN { printf(\"%n\", sizeof (v.a)) }", "D_SIZEOF_BITFIELD", 1, ""},
		{"BEGIN /y == 1/ { x = 1 }", "D_IDENT_UNDEF", 1, "y"},
		{"BEGIN /y == 1/ { y = nosuch }", "D_IDENT_UNDEF", 1, "nosuch"},
	} {
		_, err := check(t, c.text)
		e, ok := errors.AsType[*lang.Error](err)
		if !ok {
			t.Errorf("%s: got %v, want %s", c.text, err, c.tag)
			continue
		}
		if string(e.Tag) != c.tag || e.Pos.Line != c.line || !strings.Contains(e.Msg, c.msg) {
			t.Errorf("%s: got [%s] line %d: %s; want [%s] line %d: %s", c.text, e.Tag, e.Pos.Line, e.Msg, c.tag, c.line, c.msg)
		}
	}
}

// TestLayout compares sizes and offsets, folded to constants, with the C ABI, but
// for bit-fields: those begin at bytes in D.
func TestLayout(t *testing.T) {
	decl := `
struct a { char c; int i; short s; };
struct bits { int x:3; int y:5; unsigned z:10; short :12; char t; };
struct odd { int a:20; int b:3; int c:12; };
union u { char c[5]; long l; };
struct nest { struct a a; union u u; char *p; };
`
	for expr, want := range map[string]int64{
		"sizeof (struct a)": 12, "offsetof(struct a, i)": 4, "offsetof(struct a, s)": 8,
		"sizeof (struct bits)": 7, "offsetof(struct bits, t)": 6, "sizeof (struct odd)": 6, "sizeof (union u)": 8,
		"sizeof (struct nest)": 32, "offsetof(struct nest, u)": 16, "offsetof(struct nest, p)": 24,
		"sizeof (int) * 2 + 1": 9, "-7 / 2": -3, "(char)200": -56, "1 ? 2 : 3": 2, "(unsigned char)-1 >> 4": 15,
		"sizeof (\"hi\")": 3, "1 << 63": -1 << 63, "(1 << 63) - 1": 1<<63 - 1, "1 << 31": 1 << 31, "'\\?'": 0x5c3f, "'\\a\\x41'": 0x741,
	} {
		p, err := check(t, decl+"BEGIN { trace("+expr+") }")
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		k, ok := p.Clauses[0].Body[0].(*ir.Action).Args[0].(*ir.Const)
		if !ok || k.V != want {
			t.Errorf("%s: got %#v, want %d", expr, p.Clauses[0].Body[0].(*ir.Action).Args[0], want)
		}
	}
}

// TestAccepted are programs with nothing wrong in them.
func TestAccepted(t *testing.T) {
	for _, text := range []string{
		"BEGIN /x == 0/ { exit(x++) }", // the body makes the variable
		"BEGIN /self->a/ { self->a = 1 }",
		"extern int f(...); extern int g(int, ...); BEGIN { }",
		"static inline int twice(int x) { if (x) { return x + x; } return 0; }\nextern inline void f(int);\nBEGIN { }",
		"BEGIN { x = 1 << 63; @a = lquantize(1, 0, 10, 1, (1 << 63) - 1) }",
		"BEGIN { trace(index(\"a\", \"b\")); trace(rindex(\"a\", \"b\", 1)) }",
	} {
		if _, err := check(t, text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("BEGIN { x[1, \"a\"] = 3; @a[pid] = count(); printf(\"%d\", x[1, \"b\"]); }")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := check(t, text); err == nil {
			return
		} else if _, ok := errors.AsType[*lang.Error](err); !ok {
			t.Errorf("%q: %v has no place", text, err)
		}
	})
}
