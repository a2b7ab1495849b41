package lang

// TypeExpr is a type as it was written: specifiers and a declarator without a
// name.
type TypeExpr struct {
	Pos   Pos
	Specs *Specs
	Decl  *Declarator
}

// Specs are declaration specifiers: storage class, qualifiers and one type.
type Specs struct {
	Pos     Pos
	Storage Kind // "", auto, register, static, extern, typedef, self, this

	Const, Volatile, Restrict bool
	Signed, Unsigned, Short   bool
	Long                      int // how many

	Base    Kind   // "", void, char, int, float, double, string, TypeName, struct, union, enum
	Name    string // of a TypeName, or a tag; "" for none
	HasBody bool   // of struct, union, enum
	Body    Pos    // of what follows the tag

	Function bool // a function of C, which D has no use for
	Members  []*MemberDecl
	Enums    []Enumerator
}

// MemberDecl is one line of a struct or union.
type MemberDecl struct {
	Pos   Pos
	Specs *Specs
	Vars  []*Declarator // none for an anonymous struct or union
}

// Enumerator is one name of an enum.
type Enumerator struct {
	Pos   Pos
	End   Pos // of what follows it, where the original tells its errors
	Name  string
	Value Expr // nil: one more than the last
}

// Declarator is a name and what is derived from the specifiers around it, from
// the name outwards: int *a[3] is [Array 3, Pointer].
type Declarator struct {
	Pos    Pos
	Name   string
	Derive []Derivation
	Bits   Expr // of a bit-field, nil for none
}

// Form is one kind of derivation.
type Form int

// The forms.
const (
	Pointer  Form = iota
	Array         // Size, nil for []
	Tuple         // associative array: Params are the key's types
	Function      // Params
)

// Derivation is one step of a declarator.
type Derivation struct {
	Form            Form
	Size            Expr
	Params          []*Param
	Const, Volatile bool // of a pointer
}

// Param is a parameter of a function, key or probe.
type Param struct {
	Pos      Pos
	Specs    *Specs // nil for "..."
	Decl     *Declarator
	Variadic bool
}

// At is where an error about the specifiers is told: at a body's beginning.
func (s *Specs) At() Pos {
	if s.HasBody {
		return s.Body
	}
	return s.Pos
}
