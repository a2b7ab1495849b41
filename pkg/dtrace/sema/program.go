package sema

import (
	"errors"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

const (
	tagPdescZero   lang.Tag = "D_PDESC_ZERO"
	tagPdescInval  lang.Tag = "D_PDESC_INVAL"
	tagPredScalar  lang.Tag = "D_PRED_SCALAR"
	tagDeclUseless lang.Tag = "D_DECL_USELESS"
	tagDeclVoidObj lang.Tag = "D_DECL_VOIDOBJ"
	tagDeclDynObj  lang.Tag = "D_DECL_DYNOBJ"
	tagDeclLocAssc lang.Tag = "D_DECL_LOCASSC"
	tagProtoForm   lang.Tag = "D_DECL_PROTO_FORM"
)

// ErrNoProbes is wrapped by the error for a description that matches nothing.
var ErrNoProbes = errors.New("does not match any probes")

// Checker checks the programs of one run, which share their variables.
type Checker struct{ c *checker }

// New returns a checker.
func New(env Env) *Checker { return &Checker{newChecker(&env)} }

// SetOptions changes the options for what is added from now on.
func (k *Checker) SetOptions(o Options) {
	k.c.env.Options = o
	k.c.str = ctype.String(o.StrSize)
}

// IsType reports whether a name is a type now; the parser asks.
func (k *Checker) IsType(name string) bool {
	return k.c.globals[name] == nil && k.c.inlines[name] == nil && k.c.typedef(name) != nil
}

// Add checks one program and adds its clauses.
func (k *Checker) Add(p *lang.Program) error {
	for _, d := range p.Decls {
		if err := k.c.decl(d); err != nil {
			return err
		}
	}
	return nil
}

// Program is what has been added.
func (k *Checker) Program() *ir.Program { return k.c.prog }

func (c *checker) decl(d lang.Decl) error {
	switch d := d.(type) {
	case *lang.Clause:
		return c.checkClause(d)
	case *lang.VarDecl:
		return c.declaration(d)
	case *lang.Inline:
		return c.declareInline(d)
	case *lang.Translator:
		return c.declareTranslator(d)
	}
	return nil // providers are read by those who make USDT probes
}

func (c *checker) declaration(d *lang.VarDecl) error {
	if d.Specs.Function {
		return nil
	}
	if len(d.Vars) == 0 {
		if _, err := c.specType(d.Specs); err != nil {
			return err
		}
		if d.Specs.Storage != "" || d.Specs.Base != "struct" && d.Specs.Base != "union" && d.Specs.Base != "enum" {
			return errorf(d.Pos, tagDeclUseless, "useless declaration")
		}
		return nil
	}
	for _, v := range d.Vars {
		if err := c.declareOne(d.Specs, v); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) declareOne(s *lang.Specs, v *lang.Declarator) error {
	if _, _, scoped := splitScope(v.Name); scoped {
		return errorf(v.Pos, tagDeclScope, "D scoping operator may not be used in a declaration name (%s)", v.Name)
	}
	t, err := c.declared(s, v)
	if err != nil {
		return err
	}
	switch s.Storage {
	case "typedef":
		return c.declareType(v, t)
	case "auto", "register", "static":
		return errorf(v.Pos, lang.TagDeclBad, "specified storage class not appropriate in D")
	case "extern":
		return nil // says that a variable exists elsewhere
	}
	keys, err := c.keyTypes(v)
	if err != nil {
		return err
	}
	return c.declareVariable(s, v, t, keys)
}

// keyTypes are those of an associative array's declaration.
func (c *checker) keyTypes(v *lang.Declarator) ([]*ctype.Type, error) {
	for i, d := range v.Derive {
		if d.Form != lang.Tuple {
			continue
		}
		if i != 0 {
			return nil, errorf(v.Pos, tagDeclArrNull, "associative array signature may only follow the name: %s", v.Name)
		}
		return c.paramTypes(d.Params)
	}
	return nil, nil
}

func (c *checker) declareType(v *lang.Declarator, t *ctype.Type) error {
	if old := c.types[v.Name]; old != nil && !ctype.Same(old, t) {
		return errorf(v.Pos, tagDeclIDRed, "typedef redeclared: %s", v.Name)
	}
	c.types[v.Name] = ctype.Def(v.Name, t)
	return nil
}

func (c *checker) declareVariable(s *lang.Specs, v *lang.Declarator, t *ctype.Type, keys []*ctype.Type) error {
	scope, vars := ir.Global, c.globals
	switch s.Storage {
	case "self":
		scope, vars = ir.Thread, c.threads
	case "this":
		scope, vars = ir.Local, c.locals
	}
	switch k := t.Base().Kind; {
	case k == ctype.Void:
		return errorf(v.Pos, tagDeclVoidObj, "cannot declare void object: %s", v.Name)
	case k == ctype.Forward:
		return errorf(v.Pos, tagDeclIncompl, "incomplete struct/union/enum %s: %s", typeName(t), v.Name)
	case k == ctype.Func:
		return nil // a prototype
	case keys != nil && scope == ir.Local:
		return errorf(v.Pos, tagDeclLocAssc, "associative arrays may not be declared as local variables: %s", v.Name)
	case t.IsArray() && t.Base().Len == 0:
		return errorf(v.Pos, tagDeclArrNull, "array declaration requires array dimension or tuple signature: %s", v.Name)
	case scope == ir.Global && c.isKnown(v.Name):
		return errorf(v.Pos, tagDeclIDRed, "identifier redeclared: %s", v.Name)
	}
	if old := vars[v.Name]; old != nil {
		if sameVar(old, t, keys) {
			return nil
		}
		return errorf(v.Pos, tagDeclIDRed, "identifier redeclared: %s\n\t current: %s\n\tprevious: %s", v.Name, t, old.Type)
	}
	n := &ir.Var{Name: v.Name, Scope: scope, Type: t, Keys: keys}
	c.declareVar(n)
	return nil
}

func sameVar(v *ir.Var, t *ctype.Type, keys []*ctype.Type) bool {
	if !ctype.Same(v.Type, t) || len(v.Keys) != len(keys) {
		return false
	}
	for i := range keys {
		if !ctype.Same(v.Keys[i], keys[i]) {
			return false
		}
	}
	return true
}

func (c *checker) declareInline(d *lang.Inline) error {
	t, err := c.declared(d.Specs, d.Name)
	if err != nil {
		return err
	}
	if c.previous(d.Name.Name) != "" {
		return c.redefined(d)
	}
	in := &inline{t: t, value: d.Value}
	for _, v := range d.Name.Derive {
		if v.Form != lang.Tuple {
			continue
		}
		if in.types, err = c.paramTypes(v.Params); err != nil {
			return err
		}
		for _, p := range v.Params {
			if p.Decl.Name == "" {
				return errorf(p.Pos, tagProtoForm, "parameter of inline %s has no name", d.Name.Name)
			}
			in.keys = append(in.keys, p.Decl.Name)
		}
	}
	c.inlines[d.Name.Name] = in
	return nil
}

// previous tells what a global name is already, "" for nothing.
func (c *checker) previous(name string) string {
	switch {
	case c.inlines[name] != nil && c.inlines[name].keys != nil:
		return "array inline"
	case c.inlines[name] != nil:
		return "scalar inline"
	case c.globals[name] != nil && c.globals[name].Keys != nil:
		return "associative array"
	case c.globals[name] != nil, c.builtinVar(name) != nil:
		return "scalar"
	case subroutine(name) != nil || isAction(name):
		return "function "
	}
	return ""
}

func (c *checker) redefined(d *lang.Inline) error {
	return errorf(d.Pos, tagDeclIDRed, "identifier redefined: %s\n\t current: inline definition\n\tprevious: %s", d.Name.Name, c.previous(d.Name.Name))
}

// checkClause checks a clause against all probes that it names.
func (c *checker) checkClause(d *lang.Clause) error {
	cl := &ir.Clause{Pos: d.Pos, Setup: c.inSetup, Desc: inFull(d.Probes)}
	c.clause, c.probes, c.order = cl, nil, order{}
	for _, desc := range d.Probes {
		if err := c.match(desc); err != nil {
			return err
		}
	}
	c.misplaced = nil
	late := c.predicate(d)
	if late != nil && !isUndefined(late) {
		return late
	}
	body, err := c.stmts(d.Body)
	if err == nil && late != nil { // it may name a variable that the body makes
		err = c.predicate(d)
	}
	switch {
	case err != nil && late != nil && !isUndefined(err):
		return late
	case err != nil:
		return err
	}
	cl.Body = body
	if len(d.Body) == 0 {
		cl.Body = []ir.Stmt{&ir.Action{Kind: "default", Pos: d.Pos}}
	}
	cl.ID = len(c.prog.Clauses)
	c.prog.Clauses = append(c.prog.Clauses, cl)
	return nil
}

// inFull is probe descriptions with all their colons.
func inFull(probes []lang.ProbeDesc) string {
	var all []string
	for _, p := range probes {
		if p.Text == "" {
			all = append(all, strconv.FormatUint(p.ID, 10))
			continue
		}
		all = append(all, strings.Repeat(":", max(0, 3-strings.Count(p.Text, ":")))+p.Text)
	}
	return strings.Join(all, ",")
}

// isUndefined reports the error for a variable that does not exist.
func isUndefined(err error) bool {
	e, ok := errors.AsType[*lang.Error](err)
	return ok && (e.Tag == tagIdentUndef || e.Tag == tagVarUndef)
}

func (c *checker) predicate(d *lang.Clause) error {
	if d.Predicate == nil {
		return nil
	}
	e, err := c.expr(d.Predicate)
	if err == nil {
		err = c.misplaced
	}
	if err != nil {
		return err
	}
	if !e.Type().IsScalar() && !e.Type().IsString() {
		return errorf(d.Predicate.Position(), tagPredScalar, "predicate result must be of scalar type")
	}
	c.clause.Pred = e
	return nil
}

func (c *checker) match(d lang.ProbeDesc) error {
	var found []*Probe
	if d.Text == "" {
		if p := c.env.Probes.ByID(d.ID); p != nil {
			found = []*Probe{p}
		}
	} else {
		var err error
		if found, err = c.env.Probes.Match(d.Text); err != nil {
			var t interface{ ErrorTag() string }
			if errors.As(err, &t) {
				return errorf(d.Pos, lang.Tag(t.ErrorTag()), "%v", err)
			}
			return errorf(d.Pos, tagPdescInval, "invalid probe description \"%s\": %v", d.Text, err)
		}
	}
	if len(found) == 0 && !c.env.Options.ZeroProbes {
		if d.Text == "" {
			return errorf(d.Pos, tagPdescInval, "invalid probe identifier %d: Unknown probe identifier", d.ID)
		}
		return errorf(d.Pos, tagPdescZero, "probe description %s%s %s", strings.Repeat(":", max(0, 3-strings.Count(d.Text, ":"))), d.Text, ErrNoProbes)
	}
	for _, p := range found {
		if err := c.conditions(d.Pos, p); err != nil {
			return err
		}
		c.probes = append(c.probes, p)
		c.clause.Probes = append(c.clause.Probes, p.ID)
	}
	return nil
}

// ParamTypes are the types of a probe's arguments in a provider's declaration.
func (k *Checker) ParamTypes(params []*lang.Param) ([]*ctype.Type, error) {
	return k.c.paramTypes(params)
}
