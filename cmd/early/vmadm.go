package early

// column is one that vmadm list knows here.
type column struct {
	key, header string
	width       int
}

var columns = [...]column{
	{"uuid", "UUID", 36},
	{"type", "TYPE", 4},
	{"ram", "RAM", 7},
	{"state", "STATE", 16},
	{"alias", "ALIAS", 10},
	{"brand", "BRAND", 14},
	{"max_physical_memory", "MAX_PHYSICAL", 12},
	{"pid", "PID", 6},
	{"zone_state", "ZONE_STATE", 16},
	{"zoneid", "ZONEID", 6},
	{"zonename", "ZONENAME", 36},
}

// columnOf finds a column, -1 for none.
func columnOf(key string) int {
	for i := range columns {
		if columns[i].key == key {
			return i
		}
	}
	return -1
}

// value is a machine's value of a column: a text or a number.
type value struct {
	text     string
	number   int64
	isNumber bool
	missing  bool
}

// value finds the value; what vmadm does not show of a machine is missing.
func (z *zone) value(key string) value {
	switch key {
	case "uuid":
		return value{text: z.uuid}
	case "type":
		return value{text: z.kind()}
	case "ram", "max_physical_memory":
		return value{number: z.memory / (1 << 20), isNumber: true, missing: !z.hasMemory}
	case "state":
		return value{text: z.machineState()}
	case "alias":
		return value{text: z.alias, missing: !z.hasAlias}
	case "brand":
		return value{text: z.brand}
	case "pid":
		return value{number: z.pid, isNumber: true, missing: !z.isUp()}
	case "zone_state":
		return value{text: z.state}
	case "zoneid":
		return value{number: z.id, isNumber: true, missing: !z.isUp()}
	}
	return value{text: z.name}
}

// kind is the type of a machine, empty for brands that are not zones.
func (z *zone) kind() string {
	switch z.brand {
	case "joyent", "joyent-minimal", "builder":
		return "OS"
	case "lx":
		return "LX"
	}
	return ""
}

func (z *zone) machineState() string {
	switch {
	case z.failed:
		return "failed"
	case z.state == "installed":
		return "stopped"
	}
	return z.state
}

// request is vmadm list or lookup.
type request struct {
	isLookup                   bool
	parsable, noHeader, unique bool

	order, sort string
	columns     [16]int
	shown       int // of columns
	keys        [16]int
	down        [16]bool // whether sorted downwards
	sorted      int      // of keys
	filters     [16]int
	wanted      [16]string
	matched     int // of filters
}

// vmadm is "vmadm list" and "vmadm lookup".
func (w *world) vmadm(args []string) bool {
	if len(args) == 0 {
		return false
	}
	r := request{order: "uuid,type,ram,state,alias", sort: "ram,uuid"}
	switch args[0] {
	case "list":
	case "lookup":
		r.isLookup = true
	default:
		return false
	}
	if !r.understand(args[1:]) || !w.isCalm() || !w.load() || !w.choose(&r) {
		return false
	}
	if r.isLookup {
		return w.printNames(&r)
	}
	w.list.sort(r.before)
	w.printMachines(&r)
	return true
}

// isCalm reports that no command works on a machine or was killed at it; see the
// journals of package vm.
func (w *world) isCalm() bool {
	dir, missing, ok := w.open(atCWD, w.at(w.root, "/var/lib/smartbox/vm"), 0)
	if !ok {
		return missing
	}
	calm := w.names(dir, func(*world, string) bool { return false })
	closeFile(dir)
	return calm
}

// choose keeps the machines that are asked for.
func (w *world) choose(r *request) bool {
	l := &w.list
	for i := range l.zones[:l.count] {
		if l.zones[i].uuid != "" && l.zones[i].kind() == "" {
			return false
		}
	}
	kept := 0
	for _, i := range l.order[:l.shown] {
		if z := &l.zones[i]; z.uuid != "" && r.matches(z) {
			l.order[kept] = i
			kept++
		}
	}
	l.shown = kept
	return true
}
