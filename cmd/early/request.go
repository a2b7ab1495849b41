package early

// understand reads options and filters.
func (r *request) understand(args []string) bool {
	for i := 0; i < len(args); i++ {
		word := args[i]
		if len(word) < 2 || word[0] != '-' {
			if !r.addFilter(word) {
				return false
			}
			continue
		}
		next, ok := "", false
		if i+1 < len(args) {
			next, ok = args[i+1], true
		}
		took, known := r.letters(word[1:], next, ok)
		if !known {
			return false
		}
		if took {
			i++
		}
	}
	return r.isLookup || r.chooseColumns() && r.chooseKeys()
}

// letters reads a cluster of options; took tells that the next word was used.
func (r *request) letters(cluster, next string, isNext bool) (took, known bool) {
	for i := range len(cluster) {
		switch c := cluster[i]; {
		case r.isLookup && c == '1':
			r.unique = true
		case r.isLookup:
			return false, false
		case c == 'p':
			r.parsable = true
		case c == 'H':
			r.noHeader = true
		case c == 'o' || c == 's':
			argument := cluster[i+1:]
			if took = argument == ""; took {
				argument = next
			}
			if took && !isNext || argument == "" || argument[0] == '=' {
				return false, false
			}
			if c == 'o' {
				r.order = argument
			} else {
				r.sort = argument
			}
			return took, true
		default:
			return false, false
		}
	}
	return false, true
}

// addFilter takes KEY=VALUE; patterns are for the ordinary tool.
func (r *request) addFilter(word string) bool {
	key, value, ok := cut(word, '=')
	at := columnOf(key)
	if !ok || at < 0 || r.matched == len(r.filters) || has(value, "~") {
		return false
	}
	r.filters[r.matched], r.wanted[r.matched] = at, value
	r.matched++
	// Where several machines have one uuid, a lookup by it finds the first.
	return key != "uuid"
}

func (r *request) chooseColumns() bool {
	for rest, more := r.order, true; more; r.shown++ {
		var word string
		word, rest, more = cut(rest, ',')
		at := columnOf(word)
		if at < 0 || r.shown == len(r.columns) {
			return false
		}
		r.columns[r.shown] = at
	}
	return true
}

func (r *request) chooseKeys() bool {
	for rest, more := r.sort, true; more; r.sorted++ {
		var word string
		word, rest, more = cut(rest, ',')
		if r.sorted == len(r.keys) {
			return false
		}
		if has(word, "-") {
			r.down[r.sorted] = true
			word = word[1:]
		}
		if r.keys[r.sorted] = columnOf(word); r.keys[r.sorted] < 0 {
			return false
		}
	}
	return true
}

// matches reports whether all filters match.
func (r *request) matches(z *zone) bool {
	var digits [20]byte
	for i := range r.filters[:r.matched] {
		v := z.value(columns[r.filters[i]].key)
		if v.missing || v.show(&digits) != r.wanted[i] {
			return false
		}
	}
	return true
}

// show is a value as lists print it.
func (v *value) show(digits *[20]byte) string {
	if v.isNumber {
		return decimal(digits, v.number)
	}
	return v.text
}

// before orders machines as vmadm list -s does: numbers by size, texts by their
// bytes, what is missing last either way.
func (r *request) before(a, b *zone) int {
	for i, at := range r.keys[:r.sorted] {
		x, y := a.value(columns[at].key), b.value(columns[at].key)
		c := 0
		switch {
		case x.missing && y.missing:
		case x.missing:
			return 1
		case y.missing:
			return -1
		case x.isNumber && x.number != y.number:
			c = 1
			if x.number < y.number {
				c = -1
			}
		case !x.isNumber:
			c = compare(x.text, y.text)
		}
		if c != 0 && r.down[i] {
			return -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// printNames is vmadm lookup.
func (w *world) printNames(r *request) bool {
	l := &w.list
	if r.unique && l.shown != 1 {
		return false
	}
	for _, i := range l.order[:l.shown] {
		w.out.put(l.zones[i].uuid)
		w.out.put("\n")
	}
	return true
}

// printMachines is vmadm list.
func (w *world) printMachines(r *request) {
	o := &w.out
	if !r.parsable && !r.noHeader {
		for i, at := range r.columns[:r.shown] {
			o.cell(i, columns[at].header, columns[at].width)
		}
		o.endLine()
	}
	var digits [20]byte
	for _, m := range w.list.order[:w.list.shown] {
		for i, at := range r.columns[:r.shown] {
			v := w.list.zones[m].value(columns[at].key)
			cell := ""
			if !v.missing {
				cell = v.show(&digits)
			}
			switch {
			case r.parsable && i > 0:
				o.put(":")
				fallthrough
			case r.parsable:
				o.put(cell)
			case cell == "":
				o.cell(i, "-", columns[at].width)
			default:
				o.cell(i, cell, columns[at].width)
			}
		}
		if r.parsable {
			o.put("\n")
		} else {
			o.endLine()
		}
	}
}

// cell prints a cell, with a gap before it when it is not the first.
func (b *buffer) cell(i int, s string, width int) {
	if i > 0 {
		b.put("  ")
	}
	b.pad(s, width)
}
