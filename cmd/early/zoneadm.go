package early

// zoneadm is "zoneadm list" with any of its letters.
func (w *world) zoneadm(args []string) bool {
	if len(args) < 1 || args[0] != "list" {
		return false
	}
	var all, installed, noGlobal, parsable, verbose bool
	for _, word := range args[1:] {
		if len(word) < 2 || word[0] != '-' {
			return false
		}
		for i := 1; i < len(word); i++ {
			switch word[i] {
			case 'c':
				all = true
			case 'i':
				installed = true
			case 'n':
				noGlobal = true
			case 'p':
				parsable = true
			case 'v':
				verbose = true
			default:
				return false
			}
		}
	}
	if parsable && verbose || !w.load() {
		return false
	}
	if verbose {
		w.verboseLine("ID", "NAME", "STATUS", "PATH", "BRAND", "IP")
	}
	if !noGlobal {
		w.global(parsable, verbose)
	}
	l := &w.list
	for _, i := range l.order[:l.shown] {
		z := &l.zones[i]
		if !all && !z.runs && (!installed || z.state == "configured" || z.state == "incomplete") {
			continue
		}
		if !w.zoneLine(z, parsable, verbose) {
			return false
		}
	}
	return true
}

func (w *world) global(parsable, verbose bool) {
	switch {
	case verbose:
		w.verboseLine("0", "global", "running", "/", "liveimg", "shared")
	case parsable:
		w.out.put("0:global:running:/::liveimg:shared:0\n")
	default:
		w.out.put("global\n")
	}
}

func (w *world) verboseLine(id, name, state, path, brand, ip string) {
	o := &w.out
	o.flushRight(id, 4)
	o.put(" ")
	o.pad(name, 16)
	o.put(" ")
	o.pad(state, 10)
	o.put(" ")
	o.pad(path, 30)
	o.put(" ")
	o.pad(brand, 8)
	o.put(" ")
	o.pad(ip, 6)
	o.put("\n")
}

func (w *world) zoneLine(z *zone, parsable, verbose bool) bool {
	o := &w.out
	if !parsable && !verbose {
		o.put(z.name)
		o.put("\n")
		return true
	}
	var idDigits, didDigits [20]byte
	id, ip, number := "-", "shared", ""
	if z.runs {
		id = decimal(&idDigits, z.id)
	}
	if z.exclusive {
		ip = "excl"
	}
	if z.did > 0 {
		number = decimal(&didDigits, z.did)
	}
	if verbose {
		w.verboseLine(id, z.name, z.state, z.path, z.brand, ip)
		return true
	}
	if _, _, found := cut(z.path, ':'); found {
		return false // it is escaped
	}
	for i, cell := range [...]string{id, z.name, z.state, z.path, z.uuid, z.brand, ip, number} {
		if i > 0 {
			o.put(":")
		}
		o.put(cell)
	}
	o.put("\n")
	return true
}

// decimal writes a number from 0.
func decimal(digits *[20]byte, n int64) string {
	at := len(digits)
	for {
		at--
		digits[at] = byte('0' + n%10)
		if n /= 10; n == 0 {
			return view(digits[at:])
		}
	}
}
