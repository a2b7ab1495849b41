package lang

// levels are the binary operators from the loosest to the tightest.
var levels = [...][]Kind{
	{"||"},
	{"^^"},
	{"&&"},
	{"|"},
	{"^"},
	{"&"},
	{"==", "!="},
	{"<", ">", "<=", ">="},
	{"<<", ">>"},
	{"+", "-"},
	{"*", "/", "%"},
}

// expression parses assignments joined by commas.
func (p *parser) expression() (Expr, error) {
	x, err := p.assignment()
	for err == nil {
		tok, ok := p.accept(",")
		if !ok {
			_, err = p.peek()
			return x, err
		}
		var y Expr
		y, err = p.assignment()
		x = &Binary{tok.Pos, ",", x, y}
	}
	return nil, err
}

func (p *parser) assignment() (Expr, error) {
	done, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer done()
	x, err := p.conditional()
	if err != nil {
		return nil, err
	}
	tok, err := p.peek()
	if err != nil || !isAssign(tok.Kind) {
		return x, err
	}
	if !isUnary(x) {
		return nil, p.near(tok)
	}
	p.ahead = false
	y, err := p.assignment()
	if err != nil {
		return nil, err
	}
	return &Assign{tok.Pos, tok.Kind, x, y}, nil
}

func isAssign(k Kind) bool {
	switch k {
	case "=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "<<=", ">>=":
		return true
	}
	return false
}

// isUnary reports whether the grammar lets x stand left of an assignment.
func isUnary(x Expr) bool {
	switch x.(type) {
	case *Binary, *Cond, *Cast, *Assign:
		return false
	}
	return true
}

func (p *parser) conditional() (Expr, error) {
	cond, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	tok, ok := p.accept("?")
	if !ok {
		_, err := p.peek()
		return cond, err
	}
	then, err := p.expression()
	if err != nil {
		return nil, err
	}
	if _, err := p.expect(":"); err != nil {
		return nil, err
	}
	done, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer done()
	other, err := p.conditional()
	return &Cond{tok.Pos, cond, then, other}, err
}

// binary parses the operators of one level and tighter ones, leftmost first.
func (p *parser) binary(level int) (Expr, error) {
	if level == len(levels) {
		return p.cast()
	}
	x, err := p.binary(level + 1)
	for err == nil && p.at(levels[level]...) {
		tok := p.tok
		p.ahead = false
		var y Expr
		y, err = p.binary(level + 1)
		x = &Binary{p.after(tok.Pos), tok.Kind, x, y}
	}
	if err != nil {
		return nil, err
	}
	_, err = p.peek()
	return x, err
}

// after is the place of the token behind an operation, where the original tells
// its errors since it has read that token by then.
func (p *parser) after(pos Pos) Pos {
	if tok, err := p.peek(); err == nil && tok.Kind != EOF {
		return tok.Pos
	}
	return pos
}

// cast parses (type) x, or what a parenthesis may begin otherwise.
func (p *parser) cast() (Expr, error) {
	tok, ok := p.accept("(")
	if !ok {
		return p.unary()
	}
	done, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer done()
	if !p.startsType() {
		x, err := p.closeParen()
		if err != nil {
			return nil, err
		}
		return p.postfix(x)
	}
	t, err := p.typeName()
	if err != nil {
		return nil, err
	}
	if _, err := p.expect(")"); err != nil {
		return nil, err
	}
	x, err := p.cast()
	return &Cast{tok.Pos, t, x}, err
}

func (p *parser) closeParen() (Expr, error) {
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	_, err = p.expect(")")
	return x, err
}

func (p *parser) parenthesized() (Expr, error) {
	if _, err := p.expect("("); err != nil {
		return nil, err
	}
	return p.closeParen()
}

func (p *parser) unary() (Expr, error) {
	done, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer done()
	tok, err := p.peek()
	if err != nil {
		return nil, err
	}
	switch tok.Kind {
	case "++", "--":
		p.ahead = false
		x, err := p.unaryOperand()
		return &IncDec{tok.Pos, tok.Kind, true, x}, err
	case "&", "*", "+", "-", "~", "!":
		p.ahead = false
		x, err := p.cast()
		return &Unary{tok.Pos, tok.Kind, x}, err
	case "stringof":
		p.ahead = false
		x, err := p.unaryOperand()
		return &Unary{tok.Pos, tok.Kind, x}, err
	case "sizeof":
		p.ahead = false
		return p.sizeof(tok)
	}
	x, err := p.primary()
	if err != nil {
		return nil, err
	}
	return p.postfix(x)
}

// unaryOperand is a unary expression; a parenthesis there begins no cast.
func (p *parser) unaryOperand() (Expr, error) {
	if _, ok := p.accept("("); !ok {
		return p.unary()
	}
	if p.startsType() {
		tok, err := p.peek()
		if err != nil {
			return nil, err
		}
		return nil, p.near(tok)
	}
	x, err := p.closeParen()
	if err != nil {
		return nil, err
	}
	return p.postfix(x)
}

func (p *parser) sizeof(tok Token) (Expr, error) {
	if _, ok := p.accept("("); !ok {
		x, err := p.unary()
		return &Unary{tok.Pos, "sizeof", x}, err
	}
	if p.startsType() {
		t, err := p.typeName()
		if err != nil {
			return nil, err
		}
		_, err = p.expect(")")
		return &SizeofType{tok.Pos, t}, err
	}
	x, err := p.closeParen()
	if err != nil {
		return nil, err
	}
	x, err = p.postfix(x)
	return &Unary{tok.Pos, "sizeof", x}, err
}

func (p *parser) primary() (Expr, error) {
	tok, err := p.next()
	if err != nil {
		return nil, err
	}
	switch tok.Kind {
	case Name, "self", "this":
		return &Ident{tok.Pos, tok.Text}, nil
	case Agg:
		return &AggIdent{tok.Pos, tok.Text}, nil
	case Int:
		return &IntLit{tok.Pos, tok.Text, tok.Num}, nil
	case String:
		return &StringLit{tok.Pos, tok.Text}, nil
	case "offsetof":
		return p.offsetof(tok)
	case "xlate":
		return p.xlate(tok)
	}
	return nil, p.near(tok)
}

func (p *parser) offsetof(tok Token) (Expr, error) {
	if _, err := p.expect("("); err != nil {
		return nil, err
	}
	t, err := p.typeName()
	if err != nil {
		return nil, err
	}
	if _, err := p.expect(","); err != nil {
		return nil, err
	}
	name, err := p.memberName()
	if err != nil {
		return nil, err
	}
	_, err = p.expect(")")
	return &Offsetof{tok.Pos, t, name}, err
}

func (p *parser) xlate(tok Token) (Expr, error) {
	if _, err := p.expect("<"); err != nil {
		return nil, err
	}
	t, err := p.typeName()
	if err != nil {
		return nil, err
	}
	if _, err := p.expect(">"); err != nil {
		return nil, err
	}
	x, err := p.parenthesized()
	return &Xlate{tok.Pos, t, x}, err
}

// postfix parses what may follow a primary expression.
func (p *parser) postfix(x Expr) (Expr, error) {
	for {
		tok, err := p.peek()
		if err != nil {
			return nil, err
		}
		switch tok.Kind {
		case "[":
			p.ahead = false
			keys, err := p.arguments("]")
			if err != nil {
				return nil, err
			}
			if len(keys) == 0 {
				return nil, Errorf(tok.Pos, TagSyntax, "syntax error near \"]\"")
			}
			x = &Index{tok.Pos, x, keys}
		case "(":
			p.ahead = false
			args, err := p.arguments(")")
			if err != nil {
				return nil, err
			}
			x = &Call{x.Position(), x, args}
		case ".", "->":
			p.ahead = false
			name, err := p.memberName()
			if err != nil {
				return nil, err
			}
			x = &Member{tok.Pos, x, tok.Kind == "->", name}
		case "++", "--":
			p.ahead = false
			x = &IncDec{tok.Pos, tok.Kind, false, x}
		default:
			return x, nil
		}
	}
}

func (p *parser) memberName() (string, error) {
	tok, err := p.lex.member()
	if err != nil {
		return "", err
	}
	if tok.Kind != Name {
		return "", p.near(tok)
	}
	return tok.Text, nil
}

// arguments parses expressions up to the closing token.
func (p *parser) arguments(closing Kind) ([]Expr, error) {
	if _, ok := p.accept(closing); ok {
		return nil, nil
	}
	args, err := list(p, p.assignment)
	if err != nil {
		return nil, err
	}
	_, err = p.expect(closing)
	return args, err
}
