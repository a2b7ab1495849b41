package lang

// external parses one declaration of the outer level and returns to it.
func (p *parser) external() (Decl, error) {
	p.mode = outer
	tok, err := p.peek()
	if err != nil {
		return nil, err
	}
	if tok.Kind != ProbeSpec && tok.Kind != Int {
		p.mode = inner
	}
	var d Decl
	switch tok.Kind {
	case ProbeSpec, Int:
		d, err = p.clause()
	case "inline":
		d, err = p.inline()
	case "translator":
		d, err = p.translator()
	case "provider":
		d, err = p.provider()
	default:
		d, err = p.declaration()
	}
	p.mode = outer
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (p *parser) clause() (*Clause, error) {
	probes, err := list(p, p.probeDesc)
	if err != nil {
		return nil, err
	}
	c := &Clause{Pos: probes[0].Pos, Probes: probes}
	if _, ok := p.accept("/"); ok {
		if c.Predicate, err = p.predicate(); err != nil {
			return nil, err
		}
	}
	if !p.at("{") {
		return c, p.noBody(c)
	}
	p.mode = inner
	c.HasBody = true
	c.Body, err = p.block()
	return c, err
}

// noBody judges a clause without braces: allowed on the command line.
func (p *parser) noBody(c *Clause) error {
	tok, err := p.peek()
	switch {
	case err != nil:
		return err
	case c.Predicate != nil:
		return Errorf(c.Predicate.Position(), TagSyntax, "expected actions { } following probe description and predicate")
	case !p.opts.AllowNoBody && (tok.Kind == EOF || tok.Kind == ProbeSpec || startsDeclaration(string(tok.Kind))):
		return Errorf(c.Pos, TagSyntax, "expected predicate and/or actions following probe description")
	case tok.Kind != EOF && tok.Kind != ProbeSpec && tok.Kind != Int:
		return p.near(tok)
	}
	return nil
}

func (p *parser) probeDesc() (ProbeDesc, error) {
	tok, err := p.next()
	if err != nil {
		return ProbeDesc{}, err
	}
	switch tok.Kind {
	case ProbeSpec:
		text, err := p.lex.expandSpec(tok.Pos, tok.Text)
		return ProbeDesc{Pos: tok.Pos, Text: text}, err
	case Int:
		return ProbeDesc{Pos: tok.Pos, ID: tok.Num.Value}, nil
	}
	return ProbeDesc{}, p.near(tok)
}

func (p *parser) predicate() (Expr, error) {
	p.mode, p.lex.inPredicate = inner, true
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	if _, err := p.expect(EndOfPred); err != nil {
		return nil, err
	}
	p.mode, p.lex.inPredicate = outer, false
	return x, nil
}

// block parses { statements }; the last needs no semicolon.
func (p *parser) block() ([]Stmt, error) {
	if _, err := p.expect("{"); err != nil {
		return nil, err
	}
	done, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer done()
	var all []Stmt
	for {
		if _, ok := p.accept("}"); ok {
			return all, nil
		}
		if _, ok := p.accept(";"); ok {
			continue
		}
		s, err := p.statement()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
		if _, isIf := s.(*If); isIf || p.at("}") {
			continue
		}
		if _, err := p.expect(";"); err != nil {
			return nil, err
		}
	}
}

func (p *parser) statement() (Stmt, error) {
	if tok, ok := p.accept("if"); ok {
		return p.ifStmt(tok)
	}
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	return &ExprStmt{x.Position(), x}, nil
}

func (p *parser) ifStmt(tok Token) (Stmt, error) {
	done, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer done()
	s := &If{Pos: tok.Pos}
	if s.Cond, err = p.parenthesized(); err != nil {
		return nil, err
	}
	if s.Then, err = p.branch(); err != nil {
		return nil, err
	}
	if _, ok := p.accept("else"); ok {
		s.Else, err = p.branch()
	}
	return s, err
}

// branch is a block or one statement with its semicolon.
func (p *parser) branch() ([]Stmt, error) {
	if p.at("{") {
		return p.block()
	}
	if _, ok := p.accept(";"); ok {
		return nil, nil
	}
	s, err := p.statement()
	if err != nil {
		return nil, err
	}
	if _, isIf := s.(*If); !isIf && !p.at("}") {
		_, err = p.expect(";")
	}
	return []Stmt{s}, err
}

func (p *parser) inline() (*Inline, error) {
	tok, err := p.expect("inline")
	if err != nil {
		return nil, err
	}
	d := &Inline{Pos: tok.Pos}
	if d.Specs, err = p.specs(storageAny); err != nil {
		return nil, err
	}
	if d.Name, err = p.declarator(mustName); err != nil {
		return nil, err
	}
	if _, err := p.expect("="); err != nil {
		return nil, err
	}
	if d.Value, err = p.assignment(); err != nil {
		return nil, err
	}
	return d, p.semicolon()
}

// semicolon ends a declaration; what follows is the outer level again.
func (p *parser) semicolon() error {
	_, err := p.expect(";")
	p.mode = outer
	return err
}

func (p *parser) translator() (*Translator, error) {
	tok, err := p.expect("translator")
	if err != nil {
		return nil, err
	}
	t := &Translator{Pos: tok.Pos}
	if p.at(Name) { // "<" behind it does not tell that it is a type
		p.tok.Kind = TypeName
	}
	if t.Output, err = p.typeName(); err != nil {
		return nil, err
	}
	if _, err := p.expect("<"); err != nil {
		return nil, err
	}
	if t.Input, err = p.typeName(); err != nil {
		return nil, err
	}
	name, err := p.expect(Name)
	if err != nil {
		return nil, err
	}
	t.Param = name.Text
	for _, k := range []Kind{">", "{"} {
		if _, err := p.expect(k); err != nil {
			return nil, err
		}
	}
	return t, p.translatorBody(t)
}

func (p *parser) translatorBody(t *Translator) error {
	for {
		if _, ok := p.accept("}"); ok {
			return p.semicolon()
		}
		name, err := p.expect(Name)
		if err != nil {
			return err
		}
		if _, err := p.expect("="); err != nil {
			return err
		}
		x, err := p.assignment()
		if err != nil {
			return err
		}
		if _, err := p.expect(";"); err != nil {
			return err
		}
		t.Members = append(t.Members, TranslatorMember{name.Pos, name.Text, x})
	}
}

func (p *parser) provider() (*Provider, error) {
	tok, err := p.expect("provider")
	if err != nil {
		return nil, err
	}
	name, err := p.expect(Name)
	if err != nil {
		return nil, err
	}
	d := &Provider{Pos: tok.Pos, Name: name.Text}
	if _, err := p.expect("{"); err != nil {
		return nil, err
	}
	for {
		if _, ok := p.accept("}"); ok {
			return d, p.semicolon()
		}
		probe, err := p.providerProbe()
		if err != nil {
			return nil, err
		}
		d.Probes = append(d.Probes, probe)
	}
}

func (p *parser) providerProbe() (ProviderProbe, error) {
	tok, err := p.expect("probe")
	if err != nil {
		return ProviderProbe{}, err
	}
	name, err := p.expect(Name)
	if err != nil {
		return ProviderProbe{}, err
	}
	d := ProviderProbe{Pos: tok.Pos, Name: name.Text}
	if d.Args, err = p.params(); err != nil {
		return d, err
	}
	if _, ok := p.accept(":"); ok {
		d.HasTranslation = true
		if d.Translated, err = p.params(); err != nil {
			return d, err
		}
	}
	_, err = p.expect(";")
	return d, err
}

// params parses ( parameters ).
func (p *parser) params() ([]*Param, error) {
	if _, err := p.expect("("); err != nil {
		return nil, err
	}
	return p.paramsUntil(")")
}
