package early

// zone is what lists can show of one.
type zone struct {
	name, path, uuid, brand, alias string
	stored, state                  string // the persistent half of its state, and the whole
	exclusive, failed              bool
	hasAlias, hasMemory            bool
	memory                         int64 // bytes
	did                            int64

	runs       bool // a zoneadmd has it in its hands
	boot       string
	id, pid    int64
	runState   string
	attr, rctl string // whose value comes next
	values     int    // of rctl, so far
}

// field is a member of a file that lists need.
type field uint8

const (
	nothing field = iota
	zonepath
	brand
	uuid
	did
	ipType
	state
	attrs
	attrName
	attrValue
	rctls
	rctlName
	rctlValues
	rctlLimit
	bootID
	runID
	runState
	initPid
)

// begin begins the next element of an array.
func (z *zone) begin(as field) {
	switch as {
	case attrs:
		z.attr = ""
	case rctls:
		z.rctl, z.values = "", 0
	case rctlValues:
		z.values++
	}
}

// keep keeps a text or a number. False leaves the file to the ordinary tool.
func (z *zone) keep(as field, s string, n int64) bool {
	switch as {
	case zonepath:
		z.path = s
		return isCleanPath(s)
	case brand:
		z.brand = s
		return s != ""
	case uuid:
		z.uuid = s
	case did:
		z.did = n
	case ipType:
		z.exclusive = s == "exclusive"
		return z.exclusive || s == "shared"
	case state:
		z.stored = stateNamed(s)
		return z.stored == "configured" || z.stored == "incomplete" || z.stored == "installed"
	case attrName:
		z.attr = s
		z.failed = z.failed || s == "failed"
	case attrValue:
		if z.attr == "alias" && !z.hasAlias {
			z.alias, z.hasAlias = s, true
		}
	case rctlName:
		z.rctl = s
	case rctlLimit:
		return z.keepLimit(s)
	case bootID:
		z.boot = s
	case runID:
		z.id = n
	case runState:
		z.runState = stateNamed(s)
		return z.runState != ""
	case initPid:
		z.pid = n
	}
	return true
}

// keepLimit takes the first value of the first control of memory.
func (z *zone) keepLimit(s string) (ok bool) {
	if z.rctl == "zone.max-physical-memory" && z.values == 1 && !z.hasMemory {
		z.memory, z.hasMemory = number(s)
		return z.hasMemory
	}
	return true
}

// stateNamed is the state of that name, of memory that stays; empty for none.
func stateNamed(s string) string {
	for _, name := range &states {
		if name == s {
			return name
		}
	}
	return ""
}

var states = [...]string{"configured", "incomplete", "installed", "ready", "mounted", "running", "shutting_down", "down"}

// isComplete is what zone.Config.check asks for beside what keep has seen.
func (z *zone) isComplete() bool { return z.path != "" && z.brand != "" && z.stored != "" }

// isUp reports whether it has an init, as vmadm counts.
func (z *zone) isUp() bool {
	return z.runs && z.pid != 0 && (z.state == "running" || z.state == "shutting_down")
}
