package zonecfg

import "strconv"

// Checks of elements that are added to a resource's list property.

func unique(have []Value, v Value) (Value, error) {
	for _, h := range have {
		if h.Text == v.Text {
			return v, sayf("options: Invalid argument")
		}
	}
	return v, nil
}

// nameValue is a (name=,value=); a name that is there is not taken again.
func nameValue(have []Value, v Value) (Value, error) {
	v, err := only(v, "name", "value")
	if err != nil {
		return v, err
	}
	if v.pair("name") == "" {
		return v, sayf("name not specified")
	}
	for _, h := range have {
		if h.pair("name") == v.pair("name") {
			return v, sayf("property: Invalid argument")
		}
	}
	return v, nil
}

// rctlValue is a (priv=,limit=,action=).
func rctlValue(have []Value, v Value) (Value, error) {
	v, err := only(v, "priv", "limit", "action")
	if err != nil {
		return v, err
	}
	_, wrong := strconv.ParseUint(v.pair("limit"), 10, 64)
	priv, action := v.pair("priv"), v.pair("action")
	if wrong != nil || priv != "privileged" && priv != "system" && priv != "basic" || !rctlAction(action) {
		return v, sayf("Invalid rctl value specification")
	}
	for _, h := range have {
		if h.String() == v.String() {
			return v, sayf("value: Invalid argument")
		}
	}
	return v, nil
}

func rctlAction(action string) bool {
	if action == "none" || action == "deny" {
		return true
	}
	return len(action) > 7 && action[:7] == "signal=" && wordOf(action[7:], "")
}

// only brings the pairs of a value in order: each of names exactly once,
// nothing else.
func only(v Value, names ...string) (Value, error) {
	if err := known(v, names...); err != nil {
		return v, err
	}
	out := Value{Kind: Complex}
	for _, name := range names {
		count := 0
		for _, p := range v.Pairs {
			if p.Name == name {
				count++
			}
		}
		switch count {
		case 0:
			return v, sayf("%s not specified", name)
		case 1:
			out.Pairs = append(out.Pairs, Pair{name, v.pair(name)})
		default:
			return v, sayf("%s already specified", name)
		}
	}
	return out, nil
}

func known(v Value, names ...string) error {
	for _, p := range v.Pairs {
		ok := false
		for _, name := range names {
			ok = ok || p.Name == name
		}
		if !ok {
			return sayf("%s: No such property type", p.Name)
		}
	}
	return nil
}
