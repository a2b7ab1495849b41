package early

import "golang.org/x/sys/unix"

// list is all zones of a root.
type list struct {
	zones [4096]zone
	order [4096]uint16 // of those that are shown
	spare [4096]uint16
	count int
	shown int
	keep  [1 << 20]byte // their texts
	used  int

	dir, run uintptr // where their configurations and run directories are
	boot     string  // of the host
}

// load reads all zones. It is the ordinary tools' List, and true only when that
// would find nothing to do or to complain of.
func (w *world) load() bool {
	l := &w.list
	boot, _, ok := w.read(atCWD, w.at("/proc/sys/kernel/random/boot_id"))
	if !ok || len(boot) == 0 {
		return false
	}
	if l.boot, ok = l.stay(boot[:len(boot)-1]); !ok {
		return false
	}
	if l.dir, _, ok = w.open(atCWD, w.at(w.root, "/etc/zones"), unix.O_DIRECTORY); !ok {
		return false
	}
	// Without a zone the pool that holds their configurations may not be there.
	if !w.names(l.dir, (*world).addZone) || l.count == 0 {
		return false
	}
	missing := false
	l.run, missing, ok = w.open(atCWD, w.at(w.root, "/run/smartbox/zones"), unix.O_DIRECTORY)
	if !ok && !missing {
		return false
	}
	for i := range l.zones[:l.count] {
		if !w.look(&l.zones[i]) {
			return false
		}
	}
	l.rank()
	return true
}

// addZone is for a file of the directory of configurations.
func (w *world) addZone(file string) bool {
	const end = ".json"
	l := &w.list
	name := file[:max(0, len(file)-len(end))]
	if !isName(name) || file[len(name):] != end {
		return true
	}
	if l.count == len(l.zones) {
		return false
	}
	name, ok := l.stay(name)
	l.zones[l.count].name = name
	l.count++
	return ok
}

// stay copies a text to where it stays.
func (l *list) stay(s string) (string, bool) {
	if len(s) > len(l.keep)-l.used {
		return "", false
	}
	at := l.keep[l.used : l.used+len(s)]
	l.used += copy(at, s)
	return view(at), true
}

// look reads a zone's configuration and asks the kernel whether it runs.
func (w *world) look(z *zone) bool {
	l := &w.list
	data, _, ok := w.read(l.dir, w.at(z.name, ".json"))
	if !ok || !scan(data, &config, z) || !z.isComplete() {
		return false
	}
	for _, s := range [...]*string{&z.path, &z.uuid, &z.brand, &z.alias} {
		if *s, ok = l.stay(*s); !ok {
			return false
		}
	}
	z.attr, z.rctl, z.state = "", "", z.stored
	if z.stored != "installed" || l.run == none {
		return true
	}
	data, missing, ok := w.read(l.run, w.at(z.name, "/state.json"))
	if missing {
		return true
	}
	if !ok || !scan(data, &running, z) {
		return false
	}
	if z.boot != l.boot {
		return true
	}
	if z.runs, ok = w.isHeld(l.run, w.at(z.name, "/lock")); z.runs {
		z.state = z.runState
	}
	z.boot = ""
	return ok
}

// rank orders the zones as zone.Host.List does: those that run by their id, the
// others by name.
func (l *list) rank() {
	for i := range l.order[:l.count] {
		l.order[i] = uint16(i)
	}
	l.shown = l.count
	l.sort(func(a, b *zone) int {
		switch {
		case a.runs && b.runs:
			return int(a.id - b.id)
		case a.runs:
			return -1
		case b.runs:
			return 1
		}
		return compare(a.name, b.name)
	})
}

// sort merges ever longer runs of what is shown. Equals stay in their order.
func (l *list) sort(before func(a, b *zone) int) {
	n := l.shown
	for width := 1; width < n; width *= 2 {
		for low := 0; low < n; low += 2 * width {
			l.merge(low, min(low+width, n), min(low+2*width, n), before)
		}
		copy(l.order[:n], l.spare[:n])
	}
}

func (l *list) merge(low, middle, high int, before func(a, b *zone) int) {
	a, b := low, middle
	for at := low; at < high; at++ {
		if a < middle && (b == high || before(&l.zones[l.order[a]], &l.zones[l.order[b]]) <= 0) {
			l.spare[at] = l.order[a]
			a++
		} else {
			l.spare[at] = l.order[b]
			b++
		}
	}
}
