package lang

import (
	"errors"
	"strings"
	"testing"
)

func testOptions() Options {
	known := map[string]bool{"uint32_t": true, "pid_t": true, "size_t": true, "bufinfo_t": true}
	return Options{
		Args:   []string{"script", "7", "two words", `"quoted"`, "-5", "name"},
		Macros: map[string]string{"target": "42"},
		IsType: func(name string) bool { return known[name] },
	}
}

func TestParse_expressions(t *testing.T) {
	for src, want := range map[string]string{
		"a + b * c":                   "(+ a (* b c))",
		"a - b - c":                   "(- (- a b) c)",
		"a = b += c":                  "(= a (+= b c))",
		"a ? b : c ? d : e":           "(? a b (? c d e))",
		"a || b ^^ c && d":            "(|| a (^^ b (&& c d)))",
		"!a == ~b":                    "(== (! a) (~ b))",
		"-*p++":                       "(- (* (p ++)))",
		"(uint32_t)x >> 3":            "(>> (cast uint32_t x) 3)",
		"(x) >> 3":                    "(>> x 3)",
		"sizeof (uint32_t) + 1":       "(+ (sizeof uint32_t) 1)",
		"sizeof (x) + 1":              "(+ (sizeof x) 1)",
		"sizeof x[1]":                 "(sizeof ([] x 1))",
		"stringof(p)":                 "(stringof p)",
		"offsetof(struct foo, int)":   "(offsetof struct foo int)",
		"xlate <bufinfo_t> (arg0)->b": "(-> (xlate bufinfo_t arg0) b)",
		"self->x[1, 'ab']":            "([] (-> self x) 1 24930)",
		"@a[execname] = count()":      "(= ([] @a execname) (call count))",
		"@ = sum(1)":                  "(= @_ (call sum 1))",
		"f(a, (b, c))":                "(call f a (, b c))",
		"vmlinux`jiffies + `x":        "(+ vmlinux`jiffies `x)",
		"curpsinfo->string":           "(-> curpsinfo string)",
		`"a\tb\x41\101"`:              `"a\tbAA"`,
		"0x10 + 010 + 10u":            "(+ (+ 16 8) 10)",
		"$1 + $4 + $target":           "(+ (+ 7 -5) 42)",
		"$2":                          `"two words"`,
		"$$1":                         `"7"`,
		"$3":                          `"quoted"`,
		"$5":                          "name",
		"(struct foo *)p":             "(cast struct foo * p)",
		"(int (*)(int))p":             "(cast int *() p)",
	} {
		x, err := ParseExpr(src, testOptions())
		if err != nil {
			t.Errorf("%s: %v", src, err)
		} else if got := show(x); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

func TestParse_programs(t *testing.T) {
	for src, want := range map[string]string{
		"BEGIN { trace(1); exit(0) }":                                      "[BEGIN]{(call trace 1)(call exit 0)}",
		"syscall::read:entry, tick-1s / pid == 3 / {}":                     "[syscall::read:entry tick-1s]/(== pid 3)/{}",
		"BEGIN /x / 2 > 1/ { }":                                            "[BEGIN]/(> (/ x 2) 1)/{}",
		"pid$target:a.out:main:entry {}":                                   "[pid42:a.out:main:entry]{}",
		"12, 13 {}":                                                        "[#12 #13]{}",
		"int x; self uint32_t y; BEGIN {}":                                 "int x;self uint32_t y;[BEGIN]{}",
		"int*x; in*t {}":                                                   "int x*;[in*t]{}",
		"uint32_t a[int, string]; f* {}":                                   "uint32_t a<int,string>;[f*]{}",
		"typedef int foo_t; foo_t x; BEGIN {}":                             "typedef int foo_t;foo_t x;[BEGIN]{}",
		"inline int two = 2;":                                              "inline int two=2;",
		"struct s { int a:3, :2; char *b[4]; };":                           "struct s{int a:3 :2;char b[]*;};",
		"enum e { A, B = 4 };":                                             "enum e{A B=4};",
		"BEGIN { if (a) { b; } else if (c) d; else { } e }":                "[BEGIN]{if a{b}{if c{d}{}}e}",
		"translator struct s < int *i > { a = *i; };":                      "translator struct s<int * i>{a=(* i)};",
		"provider p { probe a(int, char *); probe b(int x) : (string); };": "provider p{a(int,char *) b(int x):(string)};",
		"#!/usr/sbin/dtrace -s\n# 7 \"f.h\"\nBEGIN {}":                     "[BEGIN]{}",
		"#pragma D option quiet\nBEGIN {}":                                 "[BEGIN]{}",
		"/* c */ BEGIN /* d */ { /* e */ }":                                "[BEGIN]{}",
	} {
		p, err := Parse(src, testOptions())
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if got := showProgram(p); got != want {
			t.Errorf("%s:\n got %s\nwant %s", src, got, want)
		}
	}
}

func TestParse_errors(t *testing.T) {
	for src, want := range map[string]struct {
		tag  Tag
		line int
		msg  string
	}{
		"BEGIN":                           {TagSyntax, 1, "expected predicate and/or actions"},
		"BEGIN / 1 /":                     {TagSyntax, 1, "expected actions { }"},
		"BEGIN {\n trace(1)\n trace(2)}":  {TagSyntax, 3, `syntax error near "trace"`},
		"BEGIN { trace(1 }":               {TagSyntax, 1, `syntax error near "}"`},
		"BEGIN / (1 / { }":                {TagSyntax, 1, "closing ) expected"},
		"BEGIN / a[1 / { }":               {TagSyntax, 1, "closing ] expected"},
		"BEGIN { 1.5 }":                   {TagSyntax, 1, "floating-point"},
		"BEGIN { 1e9 }":                   {TagSyntax, 1, "floating-point"},
		"BEGIN { 099 }":                   {TagIntDigit, 1, "invalid digit 9"},
		"BEGIN { 0x1FFFFFFFFFFFFFFFF }":   {TagIntOflow, 1, "overflow"},
		"BEGIN { \"a\n\" }":               {TagStrNL, 1, "newline"},
		"BEGIN { 'a\n' }":                 {TagChrNL, 1, "newline"},
		"BEGIN { '' }":                    {TagChrNull, 1, "empty"},
		"BEGIN { '123456789' }":           {TagChrOflow, 1, "too long"},
		"BEGIN { $9 }":                    {TagMacroUndef, 1, "$9"},
		"BEGIN { $nosuch }":               {TagMacroUndef, 1, "$nosuch"},
		"BEGIN { /* /* */ }":              {TagSyntax, 1, "inside a comment"},
		"BEGIN { /* ":                     {TagSyntax, 1, "end-of-file"},
		"static self int x;":              {TagDeclClass, 1, "storage class"},
		"short long x;":                   {TagDeclCombo, 1, "invalid type combination"},
		"int char x;":                     {TagDeclCombo, 1, "invalid type combination"},
		"#nonsense\n":                     {TagPragInvalid, 1, "#nonsense"},
		"#error stop here\n":              {TagPragErr, 1, "stop here"},
		"BEGIN { 1 = 2 + }":               {TagSyntax, 1, `near "}"`},
		"BEGIN { a + b = 2 }":             {TagSyntax, 1, `near "="`},
		"BEGIN { f( ":                     {TagSyntax, 1, "end of input"},
		"BEGIN { } }":                     {TagSyntax, 1, `near "}"`},
		"typedef unknown other; BEGIN {}": {TagSyntax, 1, `near "other; BEGIN {}"`},
		"int 0abc;":                       {TagSyntax, 1, `near "0"`},
		"BEGIN\nint x;\n{ }":              {TagSyntax, 1, "expected predicate and/or actions"},
		"static inline int f() { ":        {TagSyntax, 1, "end of input"},
		"# 20 \"x.h\"\nBEGIN { + }":       {TagSyntax, 20, `near "}"`},
	} {
		_, err := Parse(src, testOptions())
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Tag != want.tag || e.Pos.Line != want.line || !strings.Contains(e.Msg, want.msg) {
			t.Errorf("%q: got %v, want line %d [%s] %s", src, err, want.line, want.tag, want.msg)
		}
	}
}

func TestParse_deepNestingEnds(t *testing.T) {
	for _, src := range []string{
		"BEGIN { " + strings.Repeat("(", 1<<20),
		"BEGIN { " + strings.Repeat("-", 1<<20),
		"BEGIN { " + strings.Repeat("a=", 1<<20),
		"BEGIN { " + strings.Repeat("a?b:", 1<<20),
		"BEGIN { " + strings.Repeat("if(a)", 1<<20),
		strings.Repeat("struct {", 1<<20),
		"int " + strings.Repeat("(", 1<<20),
	} {
		if _, err := Parse(src, testOptions()); err == nil {
			t.Errorf("%.20s...: no error", src)
		}
	}
}

func TestParse_unusedArgument(t *testing.T) {
	p, err := Parse("BEGIN { $1; $2; $4; $5 }", testOptions())
	if err != nil || p.UnusedArg != 3 {
		t.Errorf("got %d, %v, want 3", p.UnusedArg, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("BEGIN / x / { @a[1] = quantize(self->y); printf(\"%d\", $1); }")
	f.Add("typedef struct foo { int a:3; } foo_t; inline foo_t *x = 0;")
	f.Add("#pragma D option quiet\nsyscall::*:entry, 12 { if (a) b; else { c } }")
	f.Add("provider p { probe a(int) : (char *); };")
	f.Fuzz(func(t *testing.T, src string) {
		p, err := Parse(src, testOptions())
		if err == nil {
			showProgram(p) // no part of a tree that was accepted may be missing
		}
	})
}
