package lang

import "fmt"

// Pos is a place in the source. The zero Pos is nowhere.
type Pos struct {
	File string // name given by a # line, empty for the program itself
	Line int    // from 1
}

// Tag names a kind of error, as -xerrtags shows it: D_SYNTAX, D_OP_INT ...
type Tag string

// The tags of this package.
const (
	TagSyntax      Tag = "D_SYNTAX"
	TagEmpty       Tag = "D_EMPTY"
	TagMacroUndef  Tag = "D_MACRO_UNDEF"
	TagMacroOflow  Tag = "D_MACRO_OFLOW"
	TagMacroUnused Tag = "D_MACRO_UNUSED"
	TagIntOflow    Tag = "D_INT_OFLOW"
	TagIntDigit    Tag = "D_INT_DIGIT"
	TagStrNL       Tag = "D_STR_NL"
	TagChrNL       Tag = "D_CHR_NL"
	TagChrNull     Tag = "D_CHR_NULL"
	TagChrOflow    Tag = "D_CHR_OFLOW"
	TagDeclClass   Tag = "D_DECL_CLASS"
	TagDeclCombo   Tag = "D_DECL_COMBO"
	TagDeclBad     Tag = "D_DECL_BADCLASS"
	TagDeclParm    Tag = "D_DECL_PARMCLASS"
	TagDeclIdent   Tag = "D_DECL_IDENT"
	TagPragInvalid Tag = "D_PRAGCTL_INVAL"
	TagPragErr     Tag = "D_PRAGERR"
	TagPragOptSet  Tag = "D_PRAGMA_OPTSET"
)

// Error is the first thing that is wrong with a program.
type Error struct {
	Tag Tag
	Pos Pos
	Msg string
}

func (e *Error) Error() string {
	if e.Pos.Line == 0 {
		return e.Msg
	}
	if e.Pos.File != "" {
		return fmt.Sprintf("%q, line %d: %s", e.Pos.File, e.Pos.Line, e.Msg)
	}
	return fmt.Sprintf("line %d: %s", e.Pos.Line, e.Msg)
}

// Errorf makes an Error.
func Errorf(pos Pos, tag Tag, format string, args ...any) *Error {
	return &Error{tag, pos, fmt.Sprintf(format, args...)}
}
