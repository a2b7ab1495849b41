package zonecfg

import "strings"

// Complete makes the start of a line longer, as far as there is only one way
// to go on.
func (s *Session) Complete(start string) string {
	at := strings.LastIndexAny(start, "; ") + 1
	word := start[at:]
	var found []string
	for _, c := range s.candidates(strings.Fields(start[strings.LastIndexByte(start, ';')+1 : at])) {
		if strings.HasPrefix(c, word) {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return start
	}
	common := found[0]
	for _, f := range found[1:] {
		for !strings.HasPrefix(f, common) {
			common = common[:len(common)-1]
		}
	}
	return start[:at] + common
}

// candidates are the words that may follow others.
func (s *Session) candidates(before []string) []string {
	if len(before) == 0 {
		var words []string
		for _, name := range Verbs() {
			words = append(words, name+" ")
		}
		return words
	}
	switch before[0] {
	case "add", "remove":
		if s.scope != nil {
			return s.lists()
		}
		return typeNames()
	case "select", "info":
		return typeNames()
	case "set", "clear":
		return s.properties(before[0] == "set")
	case "help":
		return Verbs()
	}
	return nil
}

func typeNames() []string {
	var names []string
	for _, t := range resources() {
		names = append(names, t.name+" ")
	}
	return names
}

func (s *Session) lists() []string {
	var names []string
	for _, p := range s.scope.typ.props {
		if p.list {
			names = append(names, p.name+" ")
		}
	}
	return names
}

func (s *Session) properties(set bool) []string {
	var names []string
	add := func(name string) {
		if set {
			name += "="
		}
		names = append(names, name)
	}
	if s.scope != nil {
		for _, p := range s.scope.typ.props {
			add(p.name)
		}
		return names
	}
	for _, g := range globals {
		add(g.name)
	}
	for _, a := range globalAliases {
		add(a.name)
	}
	return names
}
