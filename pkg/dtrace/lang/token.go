package lang

// Kind is a token's kind. Operators and keywords are their own spelling.
type Kind string

// The kinds that stand for many spellings.
const (
	EOF        Kind = "end-of-input"
	Name       Kind = "identifier"
	TypeName   Kind = "type name"
	Agg        Kind = "aggregation" // @name
	Int        Kind = "integer"
	String     Kind = "string constant"
	ProbeSpec  Kind = "probe description"
	EndOfPred  Kind = "end of predicate" // the / that closes one
	ControlEnd Kind = "end of control line"
)

// Token is one token. Text is what stood there, with escapes resolved in
// strings.
type Token struct {
	Kind Kind
	Text string
	Pos  Pos
	Num  Number // of an Int
	end  int    // where it ends in the source
}

// Number is an integer constant as it was written.
type Number struct {
	Value    uint64
	Decimal  bool // written in base ten: never unsigned by size alone
	Unsigned bool // u suffix
	Long     bool // l or ll suffix
	Negative bool // a macro argument that began with '-'
}

// isKeyword reports whether a word is reserved. It is a switch, so that a tool
// that never meets D builds no table for it.
func isKeyword(word string) bool {
	switch word {
	case "auto", "break", "case", "char", "const", "continue", "counter", "default", "do",
		"double", "else", "enum", "extern", "float", "for", "goto", "if", "import", "inline",
		"int", "long", "offsetof", "probe", "provider", "register", "restrict", "return",
		"self", "short", "signed", "sizeof", "static", "string", "stringof", "struct",
		"switch", "this", "translator", "typedef", "union", "unsigned", "void", "volatile",
		"while", "xlate":
		return true
	}
	return false
}

// startsDeclaration reports whether a word at the outer level can only begin a
// declaration, never a probe description.
func startsDeclaration(word string) bool {
	switch word {
	case "auto", "char", "const", "counter", "double", "enum", "extern", "float", "import",
		"inline", "int", "long", "provider", "register", "restrict", "self", "short",
		"signed", "static", "string", "struct", "this", "translator", "typedef", "union",
		"unsigned", "void", "volatile":
		return true
	}
	return false
}
