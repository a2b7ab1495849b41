package lang

// Program is a whole D program, or library.
type Program struct {
	Decls     []Decl
	Pragmas   []Pragma
	UnusedArg int // first $n that was given and never named, 0 for none
}

// Decl is what may stand at the outer level.
type Decl interface{ Position() Pos }

// Clause is probe descriptions, an optional predicate and statements.
type Clause struct {
	Pos       Pos
	Probes    []ProbeDesc
	Predicate Expr // nil for none
	HasBody   bool // braces were there; a clause without traces by default
	Body      []Stmt
}

// ProbeDesc is one probe description with its macros expanded, or an id.
type ProbeDesc struct {
	Pos  Pos
	Text string
	ID   uint64 // when Text is empty
}

// VarDecl declares global, self-> and this-> variables, types, or nothing but
// the tags in its specifiers.
type VarDecl struct {
	Pos   Pos
	Specs *Specs
	Vars  []*Declarator
}

// Inline is a named expression: inline int x = 3; inline T f[int a] = ...
type Inline struct {
	Pos   Pos
	Specs *Specs
	Name  *Declarator
	Value Expr
}

// Translator builds a struct or union from an input of another type.
type Translator struct {
	Pos     Pos
	Output  *TypeExpr
	Input   *TypeExpr
	Param   string
	Members []TranslatorMember
}

// TranslatorMember is one assignment in a translator.
type TranslatorMember struct {
	Pos   Pos
	Name  string
	Value Expr
}

// Provider declares probes of a user's own (USDT).
type Provider struct {
	Pos    Pos
	Name   string
	Probes []ProviderProbe
}

// ProviderProbe is one probe of a provider; Translated is nil when the probe's
// arguments are its own.
type ProviderProbe struct {
	Pos              Pos
	Name             string
	Args, Translated []*Param
	HasTranslation   bool
}

func (d *Clause) Position() Pos     { return d.Pos }
func (d *VarDecl) Position() Pos    { return d.Pos }
func (d *Inline) Position() Pos     { return d.Pos }
func (d *Translator) Position() Pos { return d.Pos }
func (d *Provider) Position() Pos   { return d.Pos }

// Stmt is a statement of a clause.
type Stmt interface{ Position() Pos }

// ExprStmt is an expression that stands for itself.
type ExprStmt struct {
	Pos Pos
	X   Expr
}

// If is if (Cond) Then else Else.
type If struct {
	Pos        Pos
	Cond       Expr
	Then, Else []Stmt
}

func (s *ExprStmt) Position() Pos { return s.Pos }
func (s *If) Position() Pos       { return s.Pos }

// Expr is an expression as it was written.
type Expr interface{ Position() Pos }

// The expressions. Scopes self and this are Idents of those names, the left
// side of a Member.
type (
	// Ident is a variable, function, enumerator or scoped symbol (mod`name).
	Ident struct {
		Pos  Pos
		Name string
	}
	// AggIdent is @name; the bare @ is "@_".
	AggIdent struct {
		Pos  Pos
		Name string
	}
	// IntLit is an integer or character constant.
	IntLit struct {
		Pos  Pos
		Text string
		Num  Number
	}
	// StringLit is a string constant, escapes resolved.
	StringLit struct {
		Pos   Pos
		Value string
	}
	// Unary is Op X: & * + - ~ ! stringof sizeof.
	Unary struct {
		Pos Pos
		Op  Kind
		X   Expr
	}
	// IncDec is ++ or --, before or after X.
	IncDec struct {
		Pos    Pos
		Op     Kind
		Prefix bool
		X      Expr
	}
	// Binary is X Op Y; also the comma.
	Binary struct {
		Pos  Pos
		Op   Kind
		X, Y Expr
	}
	// Assign is X Op Y with Op = or an operator and =.
	Assign struct {
		Pos  Pos
		Op   Kind
		X, Y Expr
	}
	// Cond is If ? Then : Else.
	Cond struct {
		Pos            Pos
		If, Then, Else Expr
	}
	// Call is Fun(Args...).
	Call struct {
		Pos  Pos
		Fun  Expr
		Args []Expr
	}
	// Index is X[Keys...].
	Index struct {
		Pos  Pos
		X    Expr
		Keys []Expr
	}
	// Member is X.Name, or X->Name with Arrow.
	Member struct {
		Pos   Pos
		X     Expr
		Arrow bool
		Name  string
	}
	// Cast is (Type)X.
	Cast struct {
		Pos  Pos
		Type *TypeExpr
		X    Expr
	}
	// SizeofType is sizeof (Type).
	SizeofType struct {
		Pos  Pos
		Type *TypeExpr
	}
	// Offsetof is offsetof(Type, Member).
	Offsetof struct {
		Pos    Pos
		Type   *TypeExpr
		Member string
	}
	// Xlate is xlate<Type>(X).
	Xlate struct {
		Pos  Pos
		Type *TypeExpr
		X    Expr
	}
)

func (e *Ident) Position() Pos      { return e.Pos }
func (e *AggIdent) Position() Pos   { return e.Pos }
func (e *IntLit) Position() Pos     { return e.Pos }
func (e *StringLit) Position() Pos  { return e.Pos }
func (e *Unary) Position() Pos      { return e.Pos }
func (e *IncDec) Position() Pos     { return e.Pos }
func (e *Binary) Position() Pos     { return e.Pos }
func (e *Assign) Position() Pos     { return e.Pos }
func (e *Cond) Position() Pos       { return e.Pos }
func (e *Call) Position() Pos       { return e.Pos }
func (e *Index) Position() Pos      { return e.Pos }
func (e *Member) Position() Pos     { return e.Pos }
func (e *Cast) Position() Pos       { return e.Pos }
func (e *SizeofType) Position() Pos { return e.Pos }
func (e *Offsetof) Position() Pos   { return e.Pos }
func (e *Xlate) Position() Pos      { return e.Pos }
