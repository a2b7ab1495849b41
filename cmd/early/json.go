package early

// kind is what a value of a canonical file is.
type kind uint8

const (
	text   kind = iota // without escapes, in ASCII
	moment             // a time.Time
	yesno
	natural // a number from 0
	small   // one below 2^31
	object  // its keys in order
	texts   // a map of texts, sorted as encoding/json does
	array   // an array
)

// shape is how our tools write a type of theirs.
type shape struct {
	kind kind
	keys []key  // of an object
	of   *shape // of an array
}

// key is a member of an object. What is written without it is not missing: it
// may be left out.
type key struct {
	name  string
	shape *shape
	as    field
}

// scanner reads one file.
type scanner struct {
	s    string
	i    int
	zone *zone
}

// scan reads a file into z as its shape has it. False does not say that it is
// damaged, but that it is not as our tools write it.
func scan(s string, sh *shape, z *zone) bool {
	r := scanner{s: s, zone: z}
	if !r.value(sh, nothing) {
		return false
	}
	r.space()
	return r.i == len(s)
}

func (r *scanner) space() {
	for r.i < len(r.s) {
		switch r.s[r.i] {
		case ' ', '\n', '\t', '\r':
			r.i++
		default:
			return
		}
	}
}

// next reads a sign that comes next, if it does.
func (r *scanner) next(c byte) bool {
	r.space()
	if r.i < len(r.s) && r.s[r.i] == c {
		r.i++
		return true
	}
	return false
}

// value reads a value and keeps it as a field of the zone.
func (r *scanner) value(sh *shape, as field) bool {
	switch sh.kind {
	case object:
		return r.next('{') && r.object(sh)
	case texts:
		return r.next('{') && r.texts()
	case array:
		return r.next('[') && r.list(sh.of, as)
	case text, moment:
		s, ok := r.text()
		return ok && (sh.kind == text || isMoment(s)) && r.zone.keep(as, s, 0)
	case yesno:
		return r.word("true") || r.word("false")
	}
	n, ok := r.number()
	return ok && (sh.kind == natural || n < 1<<31) && r.zone.keep(as, "", n)
}

func (r *scanner) word(s string) bool {
	r.space()
	if has(r.s[r.i:], s) {
		r.i += len(s)
		return true
	}
	return false
}

func (r *scanner) text() (string, bool) {
	if !r.next('"') {
		return "", false
	}
	for begin := r.i; r.i < len(r.s); r.i++ {
		switch c := r.s[r.i]; {
		case c == '"':
			r.i++
			return r.s[begin : r.i-1], true
		case c == '\\' || c < ' ' || c >= 0x7f:
			return "", false
		}
	}
	return "", false
}

func (r *scanner) number() (int64, bool) {
	r.space()
	begin := r.i
	for r.i < len(r.s) && r.s[r.i]-'0' <= 9 {
		r.i++
	}
	if r.i < len(r.s) && (r.s[r.i] == '.' || r.s[r.i]|0x20 == 'e') {
		return 0, false
	}
	return number(r.s[begin:r.i])
}

// object reads members in the order of the shape, so none is there twice.
func (r *scanner) object(sh *shape) bool {
	if r.next('}') {
		return true
	}
	for at := 0; ; {
		name, ok := r.text()
		if !ok || !r.next(':') {
			return false
		}
		for at < len(sh.keys) && sh.keys[at].name != name {
			at++
		}
		if at == len(sh.keys) || !r.value(sh.keys[at].shape, sh.keys[at].as) {
			return false
		}
		at++
		if r.next('}') {
			return true
		}
		if !r.next(',') {
			return false
		}
	}
}

func (r *scanner) texts() bool {
	if r.next('}') {
		return true
	}
	for last := ""; ; {
		name, ok := r.text()
		if !ok || compare(last, name) >= 0 || !r.next(':') {
			return false
		}
		if _, ok = r.text(); !ok {
			return false
		}
		last = name
		if r.next('}') {
			return true
		}
		if !r.next(',') {
			return false
		}
	}
}

func (r *scanner) list(of *shape, as field) bool {
	if r.next(']') {
		return true
	}
	for {
		r.zone.begin(as)
		if !r.value(of, nothing) {
			return false
		}
		if r.next(']') {
			return true
		}
		if !r.next(',') {
			return false
		}
	}
}

// isMoment reports whether s looks like a time.Time of these centuries, as its
// MarshalJSON writes it.
func isMoment(s string) bool {
	const form = "0000-00-00T00:00:00"
	if len(s) <= len(form) {
		return false
	}
	for i := range len(form) {
		if digit := s[i]-'0' <= 9; digit != (form[i] == '0') || !digit && s[i] != form[i] {
			return false
		}
	}
	return s == "0001-01-01T00:00:00Z" || s[0] == '2'
}
