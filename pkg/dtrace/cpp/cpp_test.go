package cpp

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func process(src string, files map[string]string, o Options) (string, error) {
	o.File = "/dev/stdin"
	o.Open = func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, os.ErrNotExist
	}
	return Process(src, o)
}

func TestProcess(t *testing.T) {
	files := map[string]string{"/dev/a.h": "#define A 7\nint a;\n", "/inc/sys.h": "sys\n"}
	for _, c := range []struct{ src, want string }{
		{"a\nb", "a\nb\n"},
		{"#define X 1\nX XX \"X\" 'X'\n", "\n1 XX \"X\" 'X'\n"},
		{"#define F(a,b) a-b\nF(1, (2,3)) F\n", "\n1-(2,3) F\n"},
		{"#define F(x) [x]\nF(\n1\n)z\n", "\n[1]z\n\n\n"},
		{"#define S(x) #x\nS(a \"b\" c)\n", "\n\"a \\\"b\\\" c\"\n"},
		{"#define C(a,b) a##b\nC(x, 1) C(,y)\n", "\nx1 y\n"},
		{"#define V(f, ...) p(f, __VA_ARGS__)\nV(1,2,3)\n", "\np(1, 2,3)\n"},
		{"#define X X Y\n#define Y X\nX\n", "\n\nX X\n"},
		{"#define F(x) x\n#define G F(G)\nG F(F)(1)\n", "\n\nG F(1)\n"},
		{"#ifdef N\na\n#else\nb\n#endif\nc\n", "\n\n\nb\n\nc\n"},
		{"#if defined N || 2 > 1 && !0\na\n#elif 1\nb\n#endif\n", "\na\n\n\n\n"},
		{"#if 0\n#if 1\na\n#else\nb\n#endif\n#elif 1 ? 0 : 1\nc\n#else\nd\n#endif\n", strings.Repeat("\n", 9) + "d\n\n"},
		{"#if 0x10 == 020 && 'a' == 97 && ~0 < 0 && 7 % 4 == 3 && (1 << 3) == 8\ny\n#endif\n", "\ny\n\n"},
		{"#include \"a.h\"\nA\n", "# 1 \"/dev/a.h\"\n\nint a;\n# 2 \"\"\n7\n"},
		{"#include <sys.h>\n", "# 1 \"/inc/sys.h\"\nsys\n# 2 \"\"\n"},
		{"#define X 1\n#undef X\nX\n", "\n\nX\n"},
		{"a/* X\n */b \"/* no */\"\n", "a \nb \"/* no */\"\n"},
		{"#define L a \\\n b\nL\n", "\n\na  b\n"},
		{"__LINE__ __FILE__\n__LINE__\n", "1 \"/dev/stdin\"\n2\n"},
		{"#pragma D option quiet\n#line 5\n", "#pragma D option quiet\n#line 5\n"},
		{"#!/usr/sbin/dtrace -Cs\nx\n", "#!/usr/sbin/dtrace -Cs\nx\n"},
		{"GIVEN VALUE TAKEN __x86_64\n", ""},
	} {
		got, err := process(c.src, files, Options{Define: []string{"GIVEN", "VALUE=a b", "TAKEN=1"}, Undef: []string{"TAKEN"}, Include: []string{"/inc"}})
		if c.want == "" {
			c.want = "1 a b TAKEN __x86_64\n"
			got = strings.Replace(got, "TAKEN 1", "TAKEN __x86_64", 1)
		}
		if err != nil || got != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.src, got, err, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for src, want := range map[string]string{
		"#define\n":                          "/dev/stdin:1: error: no macro name given in #define directive",
		"\n#if 1\nx":                         "/dev/stdin:2: error: unterminated #if",
		"#if !defined\n":                     "/dev/stdin:1: error: operator \"defined\" requires an identifier\n/dev/stdin:1: error: unterminated #if",
		"#ifdef X\n#else\n\n#else\n#endif\n": "/dev/stdin:4: error: #else after #else\n/dev/stdin:1: error: the conditional began here",
		"#endif\n":                           "/dev/stdin:1: error: #endif without #if",
		"#nosuch\n":                          "/dev/stdin:1: error: invalid preprocessing directive #nosuch",
		"#error no good\n":                   "/dev/stdin:1: error: #error no good",
		"#include \"x.h\"\n":                 "/dev/stdin:1: fatal error: x.h: No such file or directory\ncompilation terminated.",
		"#include x\n":                       "/dev/stdin:1: error: #include expects \"FILENAME\" or <FILENAME>",
		"#define F(a) a\nF(1,2)\n":           "/dev/stdin:2: error: macro \"F\" passed 2 arguments, but takes just 1",
		"#define F(a,b) a\nF(1)\n":           "/dev/stdin:2: error: macro \"F\" requires 2 arguments, but only 1 given",
		"#define F(a) a\nF(1\n":              "/dev/stdin:2: error: unterminated argument list invoking macro \"F\"",
		"#if 1 2\n#endif\n":                  "/dev/stdin:1: error: missing binary operator before token \"2\"",
		"#if 1 / 0\n#endif\n":                "/dev/stdin:1: error: division by zero in #if",
		"#if\n#endif\n":                      "/dev/stdin:1: error: #if with no expression",
		"#define 1\n":                        "/dev/stdin:1: error: macro names must be identifiers",
		"#define F(a\n":                      "/dev/stdin:1: error: expected ')' before end of line",
	} {
		_, err := process(src, nil, Options{})
		if e, ok := errors.AsType[*Error](err); !ok || e.Error() != want {
			t.Errorf("%q: got %v, want %s", src, err, want)
		}
	}
}

// TestBounds checks that hostile text ends in an error, not in memory.
func TestBounds(t *testing.T) {
	bomb := "#define A0 x x x x x x x x\n"
	for i := '1'; i <= '9'; i++ {
		a := "A" + string(i-1)
		bomb += "#define A" + string(i) + strings.Repeat(" "+a, 8) + "\n"
	}
	if _, err := process(bomb+"A9\n", nil, Options{}); err == nil {
		t.Error("a bomb of macros was taken")
	}
	if _, err := process("#include \"/dev/self.h\"\n", map[string]string{"/dev/self.h": "#include \"self.h\"\n"}, Options{}); err == nil {
		t.Error("a file that includes itself was taken")
	}
	if _, err := process("#if "+strings.Repeat("(", 10000)+"\n#endif\n", nil, Options{}); err == nil {
		t.Error("a deep expression was taken")
	}
}

func FuzzProcess(f *testing.F) {
	for _, s := range []string{"#define F(a,...) a##b #a __VA_ARGS__\nF(1,2)\n", "#if defined(X) && -1 > 2 ? 1 : 0\n#elif 1\n#else\n#endif\n", "#include \"x\"\n/* */ \"\\\"\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		out, err := process(src, map[string]string{"/dev/x": "#define X 1\n"}, Options{})
		if err == nil && !strings.Contains(src, "include") && strings.Count(out, "\n") < strings.Count(src, "\n") {
			t.Errorf("lines got lost: %q became %q", src, out)
		}
	})
}
