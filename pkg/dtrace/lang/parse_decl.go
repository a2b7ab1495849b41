package lang

import "slices"

// Which storage classes a place allows.
type storage int

const (
	storageNone  storage = iota // type names, members
	storageParam                // C's own
	storageAny                  // and D's self and this
)

// startsType reports whether the next token begins a type.
func (p *parser) startsType() bool {
	p.nameOrType()
	return p.at(TypeName, "void", "char", "short", "int", "long", "float", "double", "signed",
		"unsigned", "string", "struct", "union", "enum", "const", "volatile", "restrict")
}

// nameOrType makes a name ahead a type name, where one may stand and it is one.
func (p *parser) nameOrType() {
	if p.at(Name) && p.lex.mayBeType() && p.opts.isType(p.tok.Text) {
		p.tok.Kind = TypeName
	}
}

// declaration parses specifiers and declarators up to the semicolon. A typedef
// makes its names types at once.
func (p *parser) declaration() (*VarDecl, error) {
	specs, err := p.specs(storageAny)
	if err != nil {
		return nil, err
	}
	d := &VarDecl{Pos: specs.Pos, Specs: specs}
	if specs.Function {
		return d, p.skipFunction()
	}
	if p.at(";") {
		return d, p.semicolon()
	}
	d.Vars, err = list(p, func() (*Declarator, error) { return p.declarator(mustName) })
	if err != nil {
		return nil, err
	}
	if specs.Storage == "typedef" {
		for _, v := range d.Vars {
			p.opts.addType(v.Name)
		}
	}
	return d, p.semicolon()
}

// specs parses declaration specifiers; there must be at least one.
func (p *parser) specs(allow storage) (*Specs, error) {
	tok, err := p.peek()
	if err != nil {
		return nil, err
	}
	s := &Specs{Pos: tok.Pos}
	for n := 0; ; n++ {
		if n == 0 || s.Base == "" {
			p.nameOrType()
		}
		tok, err := p.peek()
		if err != nil {
			return nil, err
		}
		taken, err := p.spec(s, tok, allow)
		if err != nil {
			return nil, err
		}
		if !taken {
			if n == 0 {
				return nil, p.near(tok)
			}
			return s, nil
		}
	}
}

// spec takes one specifier, if the token is one.
func (p *parser) spec(s *Specs, tok Token, allow storage) (bool, error) {
	switch tok.Kind {
	case "self", "this":
		if allow != storageAny {
			return false, nil
		}
		return p.storageClass(s, tok)
	case "auto", "register", "static", "extern", "typedef":
		if allow == storageNone {
			return false, nil
		}
		return p.storageClass(s, tok)
	case "const", "volatile", "restrict", "signed", "unsigned", "short", "long":
		p.ahead = false
		return true, s.attribute(tok)
	case "void", "char", "int", "float", "double", "string":
		p.ahead = false
		return true, s.setBase(tok, "")
	case TypeName:
		if s.Base != "" || s.Signed || s.Unsigned || s.Short || s.Long > 0 {
			// A name that is a type elsewhere may be declared here.
			p.tok.Kind = Name
			return false, nil
		}
		p.ahead = false
		return true, s.setBase(tok, tok.Text)
	case "inline": // static inline in a header of C: no business of D's
		if s.Storage != "static" && s.Storage != "extern" {
			return false, nil
		}
		p.ahead, s.Function = false, true
		return true, nil
	case "struct", "union":
		p.ahead = false
		return true, p.structSpec(s, tok)
	case "enum":
		p.ahead = false
		return true, p.enumSpec(s, tok)
	}
	return false, nil
}

// skipFunction passes over a function of C: up to its body's end, or to the
// semicolon of a prototype.
func (p *parser) skipFunction() error {
	depth := 0
	for {
		tok, err := p.peek()
		if err != nil {
			return err
		}
		if depth == 1 && tok.Kind == "}" || depth == 0 && tok.Kind == ";" {
			p.ahead, p.mode = false, outer
			return nil
		}
		switch tok.Kind {
		case EOF:
			return p.near(tok)
		case "{":
			depth++
		case "}":
			depth--
		}
		p.ahead = false
	}
}

func (p *parser) storageClass(s *Specs, tok Token) (bool, error) {
	p.ahead = false
	if s.Storage != "" {
		return true, Errorf(tok.Pos, TagDeclClass, "only one storage class allowed in declaration")
	}
	s.Storage = tok.Kind
	return true, nil
}

func (s *Specs) attribute(tok Token) error {
	switch tok.Kind {
	case "const":
		s.Const = true
	case "volatile":
		s.Volatile = true
	case "restrict":
		s.Restrict = true
	case "signed":
		s.Signed = true
	case "unsigned":
		s.Unsigned = true
	case "short":
		s.Short = true
	case "long":
		s.Long++
	}
	if s.Signed && s.Unsigned || s.Short && s.Long > 0 || s.Long > 2 {
		return Errorf(tok.Pos, TagDeclCombo, "invalid type combination in declaration")
	}
	return nil
}

func (s *Specs) setBase(tok Token, name string) error {
	if s.Base != "" {
		return Errorf(tok.Pos, TagDeclCombo, "invalid type combination")
	}
	s.Base, s.Name = tok.Kind, name
	return nil
}

// structSpec parses what follows struct or union.
func (p *parser) structSpec(s *Specs, tok Token) error {
	if err := s.setBase(tok, ""); err != nil {
		return err
	}
	if err := p.tag(s); err != nil {
		return err
	}
	if body, err := p.peek(); err == nil {
		s.Body = body.Pos
	}
	if _, ok := p.accept("{"); !ok {
		return p.needTag(s)
	}
	done, err := p.deeper()
	if err != nil {
		return err
	}
	defer done()
	s.HasBody = true
	for {
		m, err := p.memberDecl()
		if err != nil {
			return err
		}
		s.Members = append(s.Members, m)
		if _, ok := p.accept("}"); ok {
			return nil
		}
	}
}

// tag takes the name after struct, union or enum; it may be a keyword to
// nobody, or a type's name.
func (p *parser) tag(s *Specs) error {
	tok, err := p.peek()
	if err != nil {
		return err
	}
	if tok.Kind == Name || tok.Kind == TypeName {
		p.ahead = false
		s.Name = tok.Text
	}
	return nil
}

func (p *parser) needTag(s *Specs) error {
	if s.Name != "" {
		return nil
	}
	tok, err := p.peek()
	if err != nil {
		return err
	}
	return p.near(tok)
}

func (p *parser) memberDecl() (*MemberDecl, error) {
	specs, err := p.specs(storageNone)
	if err != nil {
		return nil, err
	}
	m := &MemberDecl{Pos: specs.Pos, Specs: specs}
	if (specs.Base == "struct" || specs.Base == "union") && specs.HasBody && p.at(";") {
		_, err := p.expect(";")
		return m, err
	}
	if m.Vars, err = list(p, p.memberDeclarator); err != nil {
		return nil, err
	}
	_, err = p.expect(";")
	return m, err
}

// memberDeclarator may have a width, and then no name.
func (p *parser) memberDeclarator() (*Declarator, error) {
	tok, err := p.peek()
	if err != nil {
		return nil, err
	}
	d := &Declarator{Pos: tok.Pos}
	if tok.Kind != ":" {
		if d, err = p.declarator(mustName); err != nil {
			return nil, err
		}
	}
	if _, ok := p.accept(":"); ok {
		d.Bits, err = p.conditional()
	}
	return d, err
}

func (p *parser) enumSpec(s *Specs, tok Token) error {
	if err := s.setBase(tok, ""); err != nil {
		return err
	}
	if err := p.tag(s); err != nil {
		return err
	}
	if _, ok := p.accept("{"); !ok {
		return p.needTag(s)
	}
	s.HasBody = true
	var err error
	if s.Enums, err = list(p, p.enumerator); err != nil {
		return err
	}
	_, err = p.expect("}")
	return err
}

func (p *parser) enumerator() (Enumerator, error) {
	tok, err := p.next()
	if err != nil {
		return Enumerator{}, err
	}
	if tok.Kind != Name && tok.Kind != TypeName {
		return Enumerator{}, p.near(tok)
	}
	e := Enumerator{Pos: tok.Pos, Name: tok.Text}
	if _, ok := p.accept("="); ok {
		if e.Value, err = p.assignment(); err != nil {
			return e, err
		}
	}
	tok, err = p.peek()
	e.End = tok.Pos
	return e, err
}

// typeName parses a type without a name: in a cast, sizeof, translator.
func (p *parser) typeName() (*TypeExpr, error) {
	specs, err := p.specs(storageNone)
	if err != nil {
		return nil, err
	}
	d, err := p.declarator(noName)
	return &TypeExpr{specs.Pos, specs, d}, err
}

// naming says whether a declarator must, may or cannot have a name.
type naming int

const (
	mustName naming = iota
	mayName
	noName
)

// declarator parses pointers, a name or parentheses, and what follows them.
func (p *parser) declarator(n naming) (*Declarator, error) {
	done, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer done()
	pointers, err := p.pointers()
	if err != nil {
		return nil, err
	}
	d, err := p.directDeclarator(n)
	if err != nil {
		return nil, err
	}
	for _, one := range slices.Backward(pointers) {
		d.Derive = append(d.Derive, one)
	}
	return d, nil
}

func (p *parser) pointers() ([]Derivation, error) {
	var all []Derivation
	for {
		if _, ok := p.accept("*"); !ok {
			_, err := p.peek()
			return all, err
		}
		ptr := Derivation{Form: Pointer}
		for p.at("const", "volatile", "restrict") {
			ptr.Const = ptr.Const || p.tok.Kind == "const"
			ptr.Volatile = ptr.Volatile || p.tok.Kind == "volatile"
			p.ahead = false
		}
		all = append(all, ptr)
	}
}

func (p *parser) directDeclarator(n naming) (*Declarator, error) {
	tok, err := p.peek()
	if err != nil {
		return nil, err
	}
	d := &Declarator{Pos: tok.Pos}
	switch {
	case (tok.Kind == Name || tok.Kind == TypeName) && n != noName:
		p.ahead = false
		d.Name = tok.Text
	case tok.Kind == "(":
		nested, err := p.nestedDeclarator(n)
		if err != nil {
			return nil, err
		}
		if nested == nil { // the parameters of a function without a name
			return d, p.suffixes(d, true)
		}
		d = nested
	case n == mustName:
		return nil, p.near(tok)
	}
	return d, p.suffixes(d, false)
}

// nestedDeclarator parses ( declarator ), or returns nil when the parenthesis,
// now taken, holds parameters.
func (p *parser) nestedDeclarator(n naming) (*Declarator, error) {
	p.ahead = false
	if n != mustName && (p.at(")", "...") || p.startsType()) {
		return nil, nil
	}
	inside, err := p.declarator(n)
	if err != nil {
		return nil, err
	}
	_, err = p.expect(")")
	return inside, err
}

// suffixes parses [..] and (..) behind a name; with opened the first
// parenthesis has been taken.
func (p *parser) suffixes(d *Declarator, opened bool) error {
	for {
		switch {
		case opened || p.at("("):
			if !opened {
				p.ahead = false
			}
			opened = false
			params, err := p.paramsUntil(")")
			if err != nil {
				return err
			}
			d.Derive = append(d.Derive, Derivation{Form: Function, Params: params})
		case p.at("["):
			p.ahead = false
			a, err := p.array()
			if err != nil {
				return err
			}
			d.Derive = append(d.Derive, a)
		default:
			_, err := p.peek()
			return err
		}
	}
}

// array parses a dimension, or the key types of an associative array.
func (p *parser) array() (Derivation, error) {
	if _, ok := p.accept("]"); ok {
		return Derivation{Form: Array}, nil
	}
	if p.startsType() || p.at("...", "auto", "register", "static", "extern", "typedef") {
		params, err := p.paramsUntil("]")
		return Derivation{Form: Tuple, Params: params}, err
	}
	size, err := p.conditional()
	if err != nil {
		return Derivation{}, err
	}
	_, err = p.expect("]")
	return Derivation{Form: Array, Size: size}, err
}

// paramsUntil parses parameters up to the closing token.
func (p *parser) paramsUntil(closing Kind) ([]*Param, error) {
	if _, ok := p.accept(closing); ok {
		return nil, nil
	}
	all, err := list(p, p.param)
	if err != nil {
		return nil, err
	}
	for i, q := range all {
		if q.Variadic && i != len(all)-1 {
			return nil, Errorf(all[i+1].Pos, TagSyntax, "syntax error near \",\"")
		}
	}
	_, err = p.expect(closing)
	return all, err
}

func (p *parser) param() (*Param, error) {
	if tok, ok := p.accept("..."); ok {
		return &Param{Pos: tok.Pos, Variadic: true}, nil
	}
	specs, err := p.specs(storageParam)
	if err != nil {
		return nil, err
	}
	d, err := p.declarator(mayName)
	return &Param{Pos: specs.Pos, Specs: specs, Decl: d}, err
}
