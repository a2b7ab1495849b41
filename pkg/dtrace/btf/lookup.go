package btf

import (
	"bytes"
	"sort"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
)

// Lookup finds a typedef, struct, union or enum by its name; nil for none.
func (t *Types) Lookup(what, name string) *ctype.Type {
	var id uint32
	switch what {
	case "struct":
		id = t.find(name, kindStruct)
	case "union":
		id = t.find(name, kindUnion)
	case "enum":
		id = t.find(name, kindEnum, kindEnum64)
	case "typedef":
		id = t.find(name, kindTypedef)
	}
	if id == 0 {
		return nil
	}
	return t.Type(id)
}

// Object is the type of a variable or function.
func (t *Types) Object(name string) *ctype.Type {
	id := t.find(name, kindFunc, kindVar)
	if id == 0 {
		return nil
	}
	return t.Type(t.raw(id).size)
}

// Enumerator is the value of a name of any enum.
func (t *Types) Enumerator(name string) (int64, bool) {
	off, ok := t.offset(name)
	if !ok {
		return 0, false
	}
	value, ok := int64(0), false
	t.all(func(_ int, r raw) bool {
		step := 2
		switch r.kind() {
		case kindEnum:
		case kindEnum64:
			step = 3
		default:
			return true
		}
		for n := range r.vlen() {
			if r.word(n*step) == off {
				value, ok = enumValue(r, n), true
			}
		}
		return !ok
	})
	return value, ok
}

// tracepoint is how the kernel names the type of a tracepoint's function.
const tracepoint = "btf_trace_"

// Tracepoint is the types of a tracepoint's arguments.
func (t *Types) Tracepoint(name string) ([]*ctype.Type, bool) {
	id := t.find(tracepoint+name, kindTypedef)
	if id == 0 {
		return nil, false
	}
	f := t.Type(id).Base()
	if f.Kind == ctype.Pointer {
		f = f.Elem.Base()
	}
	if f.Kind != ctype.Func || len(f.Params) == 0 {
		return nil, false
	}
	return f.Params[1:], true // the first is the probe's own data
}

// Tracepoints are the names of all tracepoints.
func (t *Types) Tracepoints() []string {
	var all []string
	rest := t.strs
	for {
		i := bytes.Index(rest, []byte("\x00"+tracepoint))
		if i < 0 {
			break
		}
		rest = rest[i+1+len(tracepoint):]
		if end := bytes.IndexByte(rest, 0); end > 0 {
			all = append(all, string(rest[:end]))
		}
	}
	sort.Strings(all)
	return all
}

// Functions are the names of all functions that have a type, with how many
// parameters each has.
func (t *Types) Functions() []string {
	var all []string
	t.all(func(_ int, r raw) bool {
		if r.kind() == kindFunc {
			all = append(all, strings.Clone(t.str(r.name)))
		}
		return true
	})
	return all
}
