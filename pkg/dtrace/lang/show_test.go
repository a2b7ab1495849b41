package lang

import (
	"fmt"
	"strings"
)

// show writes an expression in prefix form.
func show(x Expr) string {
	switch x := x.(type) {
	case *Ident:
		return x.Name
	case *AggIdent:
		return x.Name
	case *IntLit:
		if x.Num.Negative {
			return fmt.Sprintf("-%d", x.Num.Value)
		}
		return fmt.Sprint(x.Num.Value)
	case *StringLit:
		return fmt.Sprintf("%q", x.Value)
	case *Unary:
		return fmt.Sprintf("(%s %s)", x.Op, show(x.X))
	case *IncDec:
		if x.Prefix {
			return fmt.Sprintf("(%s %s)", x.Op, show(x.X))
		}
		return fmt.Sprintf("(%s %s)", show(x.X), x.Op)
	case *Binary:
		return fmt.Sprintf("(%s %s %s)", x.Op, show(x.X), show(x.Y))
	case *Assign:
		return fmt.Sprintf("(%s %s %s)", x.Op, show(x.X), show(x.Y))
	case *Cond:
		return fmt.Sprintf("(? %s %s %s)", show(x.If), show(x.Then), show(x.Else))
	case *Call:
		return showList("(call "+show(x.Fun), x.Args)
	case *Index:
		return showList("([] "+show(x.X), x.Keys)
	case *Member:
		op := "."
		if x.Arrow {
			op = "->"
		}
		return fmt.Sprintf("(%s %s %s)", op, show(x.X), x.Name)
	case *Cast:
		return fmt.Sprintf("(cast %s %s)", showType(x.Type.Specs, x.Type.Decl), show(x.X))
	case *SizeofType:
		return fmt.Sprintf("(sizeof %s)", showType(x.Type.Specs, x.Type.Decl))
	case *Offsetof:
		return fmt.Sprintf("(offsetof %s %s)", showType(x.Type.Specs, x.Type.Decl), x.Member)
	case *Xlate:
		return fmt.Sprintf("(xlate %s %s)", showType(x.Type.Specs, x.Type.Decl), show(x.X))
	}
	panic(fmt.Sprintf("unknown expression %T", x))
}

func showList(head string, xs []Expr) string {
	for _, x := range xs {
		head += " " + show(x)
	}
	return head + ")"
}

func showType(s *Specs, d *Declarator) string {
	return strings.TrimSpace(showSpecs(s) + " " + showDeclarator(d))
}

func showSpecs(s *Specs) string {
	words := []string{}
	if s.Storage != "" {
		words = append(words, string(s.Storage))
	}
	switch s.Base {
	case TypeName:
		words = append(words, s.Name)
	case "struct", "union", "enum":
		words = append(words, strings.TrimSpace(string(s.Base)+" "+s.Name)+showBody(s))
	default:
		words = append(words, string(s.Base))
	}
	return strings.Join(words, " ")
}

func showBody(s *Specs) string {
	if !s.HasBody {
		return ""
	}
	var b strings.Builder
	for _, m := range s.Members {
		b.WriteString(showSpecs(m.Specs))
		for _, v := range m.Vars {
			b.WriteString(" " + showDeclarator(v))
		}
		b.WriteString(";")
	}
	for i, e := range s.Enums {
		if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(e.Name)
		if e.Value != nil {
			b.WriteString("=" + show(e.Value))
		}
	}
	return "{" + b.String() + "}"
}

func showDeclarator(d *Declarator) string {
	out := d.Name
	for _, v := range d.Derive {
		switch v.Form {
		case Pointer:
			out += "*"
		case Array:
			out += "[]"
		case Tuple:
			out += "<" + showParams(v.Params) + ">"
		case Function:
			out += "()"
		}
	}
	if d.Bits != nil {
		out += ":" + show(d.Bits)
	}
	return out
}

func showParams(ps []*Param) string {
	var all []string
	for _, p := range ps {
		if p.Variadic {
			all = append(all, "...")
		} else {
			all = append(all, showType(p.Specs, p.Decl))
		}
	}
	return strings.Join(all, ",")
}

func showProgram(p *Program) string {
	var b strings.Builder
	for _, d := range p.Decls {
		showDecl(&b, d)
	}
	return b.String()
}

func showDecl(b *strings.Builder, d Decl) {
	switch d := d.(type) {
	case *Clause:
		showClause(b, d)
	case *VarDecl:
		b.WriteString(showSpecs(d.Specs))
		for _, v := range d.Vars {
			b.WriteString(" " + showDeclarator(v))
		}
		b.WriteString(";")
	case *Inline:
		fmt.Fprintf(b, "inline %s=%s;", showType(d.Specs, d.Name), show(d.Value))
	case *Translator:
		fmt.Fprintf(b, "translator %s<%s %s>{", showType(d.Output.Specs, d.Output.Decl), showType(d.Input.Specs, d.Input.Decl), d.Param)
		for _, m := range d.Members {
			fmt.Fprintf(b, "%s=%s", m.Name, show(m.Value))
		}
		b.WriteString("};")
	case *Provider:
		showProvider(b, d)
	}
}

func showProvider(b *strings.Builder, d *Provider) {
	fmt.Fprintf(b, "provider %s{", d.Name)
	for i, p := range d.Probes {
		if i > 0 {
			b.WriteString(" ")
		}
		fmt.Fprintf(b, "%s(%s)", p.Name, showParams(p.Args))
		if p.HasTranslation {
			fmt.Fprintf(b, ":(%s)", showParams(p.Translated))
		}
	}
	b.WriteString("};")
}

func showClause(b *strings.Builder, c *Clause) {
	var probes []string
	for _, p := range c.Probes {
		if p.Text == "" {
			p.Text = fmt.Sprintf("#%d", p.ID)
		}
		probes = append(probes, p.Text)
	}
	fmt.Fprintf(b, "[%s]", strings.Join(probes, " "))
	if c.Predicate != nil {
		fmt.Fprintf(b, "/%s/", show(c.Predicate))
	}
	showStmts(b, c.Body)
}

func showStmts(b *strings.Builder, stmts []Stmt) {
	b.WriteString("{")
	for _, s := range stmts {
		switch s := s.(type) {
		case *ExprStmt:
			b.WriteString(show(s.X))
		case *If:
			b.WriteString("if " + show(s.Cond))
			showStmts(b, s.Then)
			showStmts(b, s.Else)
		}
	}
	b.WriteString("}")
}
