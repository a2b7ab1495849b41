package lang

import (
	"slices"
	"strings"
)

// Parse reads a whole program.
func Parse(src string, opts Options) (*Program, error) {
	p := &parser{lex: newLexer(src, &opts), opts: &opts}
	prog := &Program{}
	for {
		tok, err := p.peek()
		if err != nil {
			return nil, err
		}
		for i := range p.lex.pragmas[len(prog.Pragmas):] {
			p.lex.pragmas[len(prog.Pragmas)+i].Upto = len(prog.Decls)
		}
		prog.Pragmas = p.lex.pragmas
		if tok.Kind == EOF {
			break
		}
		d, err := p.external()
		if err != nil {
			return nil, err
		}
		prog.Decls = append(prog.Decls, d)
	}
	prog.UnusedArg = p.lex.unusedArg()
	return prog, nil
}

// ParseExpr reads one expression.
func ParseExpr(src string, opts Options) (Expr, error) {
	p := &parser{lex: newLexer(src, &opts), opts: &opts, mode: inner}
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	return x, p.end()
}

// ParseType reads one type name.
func ParseType(src string, opts Options) (*TypeExpr, error) {
	p := &parser{lex: newLexer(src, &opts), opts: &opts, mode: inner}
	t, err := p.typeName()
	if err != nil {
		return nil, err
	}
	return t, p.end()
}

// maxDepth bounds nesting, so that hostile text cannot exhaust the stack.
const maxDepth = 1000

type parser struct {
	lex   *lexer
	opts  *Options
	mode  mode
	tok   Token
	ahead bool  // tok is the next token
	err   error // of the lexer; the first one stays
	depth int
}

// peek is the next token, left in place.
func (p *parser) peek() (Token, error) {
	if p.ahead {
		return p.tok, nil
	}
	if p.err != nil {
		return Token{}, p.err
	}
	p.tok, p.err = p.lex.next(p.mode)
	p.ahead = p.err == nil
	return p.tok, p.err
}

// next takes the next token.
func (p *parser) next() (Token, error) {
	tok, err := p.peek()
	p.ahead = false
	return tok, err
}

// at reports whether the next token is of one of the kinds.
func (p *parser) at(kinds ...Kind) bool {
	tok, err := p.peek()
	if err != nil {
		return false
	}
	return slices.Contains(kinds, tok.Kind)
}

// accept takes the next token if it is of that kind.
func (p *parser) accept(k Kind) (Token, bool) {
	if !p.at(k) {
		return Token{}, false
	}
	tok := p.tok
	p.ahead = false
	return tok, true
}

// expect takes a token that must be of that kind.
func (p *parser) expect(k Kind) (Token, error) {
	tok, err := p.next()
	if err != nil {
		return tok, err
	}
	if tok.Kind != k {
		return tok, p.near(tok)
	}
	return tok, nil
}

func (p *parser) end() error {
	_, err := p.expect(EOF)
	return err
}

// near is a syntax error at a token. A name that was looked at as a type is told
// with the rest of its line, as the original's lexer leaves it.
func (p *parser) near(tok Token) error {
	if tok.Kind == EOF {
		return Errorf(tok.Pos, TagSyntax, "syntax error near %s", tok.Text)
	}
	text := tok.Text
	if rest := p.lex.src[min(tok.end, len(p.lex.src)):]; (tok.Kind == Name || tok.Kind == TypeName) && beforeType(rest) && !strings.HasPrefix(strings.TrimLeft(rest, " \t"), "(") {
		line, _, _ := strings.Cut(rest, "\n")
		text += strings.TrimRight(line, " \t\r")
	}
	return Errorf(tok.Pos, TagSyntax, "syntax error near \"%s\"", text)
}

// deeper guards recursion; the caller defers the returned function.
func (p *parser) deeper() (func(), error) {
	p.depth++
	if p.depth > maxDepth {
		tok, err := p.peek()
		if err != nil {
			return nil, err
		}
		return nil, Errorf(tok.Pos, TagSyntax, "nested more than %d levels deep", maxDepth)
	}
	return func() { p.depth-- }, nil
}

// list parses elements separated by commas.
func list[T any](p *parser, element func() (T, error)) ([]T, error) {
	var all []T
	for {
		e, err := element()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		if _, more := p.accept(","); !more {
			_, err := p.peek()
			return all, err
		}
	}
}
