package sema

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// learn takes in the library's declarations of a name. It reports whether there
// was something new. What the library cannot say on this kernel stays unknown:
// it never breaks a program that does not ask for it.
func (c *checker) learn(name string) bool {
	if c.env.Library == nil {
		return false
	}
	text := c.env.Library(name)
	if text == "" || c.learnt[text] {
		return false
	}
	return c.declareLibrary(text) == nil
}

func (c *checker) declareLibrary(text string) error {
	c.learnt[text] = true
	params, raw := c.params, c.raw
	c.params, c.raw = nil, false
	defer func() { c.params, c.raw = params, raw }()
	prog, err := lang.Parse(text, lang.Options{IsType: func(n string) bool { return c.typedef(n) != nil }})
	if err != nil {
		return err
	}
	for _, d := range prog.Decls {
		if err := c.decl(d); err != nil {
			return err
		}
	}
	return nil
}

// libraryInline finds an inline of the library.
func (c *checker) libraryInline(name string) *inline {
	if c.inlines[name] == nil && c.globals[name] == nil {
		c.learn(name)
	}
	return c.inlines[name]
}

// fromLibrary parses and checks an expression that a probe or the library
// gives, not the program.
func (c *checker) fromLibrary(text string, raw bool) (ir.Expr, error) {
	x, err := lang.ParseExpr(text, lang.Options{IsType: func(n string) bool { return c.typedef(n) != nil }})
	if err != nil {
		return nil, err
	}
	params, was := c.params, c.raw
	c.params, c.raw = nil, raw
	defer func() { c.params, c.raw = params, was }()
	return c.expr(x)
}

func (c *checker) libraryType(text string) (*ctype.Type, error) {
	x, err := lang.ParseType(text, lang.Options{IsType: func(n string) bool { return c.typedef(n) != nil }})
	if err != nil {
		return nil, err
	}
	return c.typeOf(x)
}
