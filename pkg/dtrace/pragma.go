package dtrace

import (
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// The tags of pragmas.
const (
	tagPragmaError   lang.Tag = "D_PRAGERR"
	tagPragmaInvalid lang.Tag = "D_PRAGMA_INVAL"
	tagPragmaForm    lang.Tag = "D_PRAGMA_MALFORM"
	tagPragmaDepend  lang.Tag = "D_PRAGMA_DEPEND"
	tagPragmaUnused  lang.Tag = "D_PRAGMA_UNUSED"
)

// pragma carries out #pragma D NAME ARGUMENTS; other pragmas are not D's.
func (s *Settings) pragma(p lang.Pragma) error {
	if len(p.Words) < 2 || p.Words[0] != "D" {
		return nil
	}
	name, args := p.Words[1], p.Words[2:]
	malformed := func(form string) error {
		return lang.Errorf(p.Pos, tagPragmaForm, "malformed #pragma %s %s", name, form)
	}
	switch name {
	case "option":
		switch {
		case len(args) == 0:
			return lang.Errorf(p.Pos, tagPragmaForm, "missing arguments for #pragma option")
		case len(args) > 1:
			return lang.Errorf(p.Pos, tagPragmaForm, "superfluous arguments specified for #pragma option")
		}
		if err := s.option(args[0]); err != nil {
			return lang.Errorf(p.Pos, lang.TagPragOptSet, "%v", err)
		}
	case "attributes":
		switch {
		case len(args) != 2:
			return malformed("<attributes> <ident>")
		case !isAttributes(args[0]):
			return lang.Errorf(p.Pos, tagPragmaInvalid, "invalid attributes specified by #pragma attributes")
		}
	case "binding":
		if len(args) != 2 {
			return malformed("\"version\" <ident>")
		}
	case "depends_on":
		switch {
		case len(args) != 2:
			return malformed("<class> <name>")
		case args[0] == "library":
			return lang.Errorf(p.Pos, tagPragmaDepend, "main program may not explicitly depend on a library")
		case args[0] != "module" && args[0] != "provider":
			return lang.Errorf(p.Pos, tagPragmaInvalid, "invalid class %s specified by #pragma depends_on", args[0])
		}
	case "error":
		return lang.Errorf(p.Pos, tagPragmaError, "#error: %s ", strings.Join(args, " "))
	case "ident", "line":
	default:
		return lang.Errorf(p.Pos, tagPragmaInvalid, "invalid #pragma: %s", name)
	}
	return nil
}

// isAttributes reports a triple like Stable/Stable/Common.
func isAttributes(s string) bool {
	stability := []string{"Internal", "Private", "Obsolete", "External", "Unstable", "Evolving", "Stable", "Standard"}
	class := []string{"Unknown", "CPU", "Platform", "Group", "ISA", "Common"}
	part := strings.Split(s, "/")
	return len(part) == 3 && slices.Contains(stability, part[0]) && slices.Contains(stability, part[1]) && slices.Contains(class, part[2])
}

// unusedPragma is a pragma about a name that the program never declares.
func unusedPragma(prog *lang.Program) error {
	for _, p := range prog.Pragmas {
		if len(p.Words) == 4 && p.Words[0] == "D" && (p.Words[1] == "attributes" || p.Words[1] == "binding") && !declares(prog, p.Words[3]) {
			return lang.Errorf(p.Pos, tagPragmaUnused, "unused #pragma %s", p.Words[1])
		}
	}
	return nil
}

func declares(prog *lang.Program, name string) bool {
	found := false
	for _, d := range prog.Decls {
		switch d := d.(type) {
		case *lang.VarDecl:
			found = found || d.Specs.Name == name
			for _, v := range d.Vars {
				found = found || v.Name == name
			}
		case *lang.Inline:
			found = found || d.Name.Name == name
		case *lang.Clause:
			found = found || slices.ContainsFunc(d.Probes, func(p lang.ProbeDesc) bool { return strings.HasPrefix(p.Text, name) })
		}
	}
	return found
}
