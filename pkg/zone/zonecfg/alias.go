package zonecfg

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// alias is a property that stands for a resource control with one value.
type alias struct {
	name   string // of the property
	rctl   string
	action string
	least  uint64
	memory bool // its value has a scale suffix
}

// aliases in the order in which info shows them. The last four are properties
// of capped-memory and capped-cpu.
var aliases = []alias{
	{"max-lwps", "zone.max-lwps", "deny", 100, false},
	{"max-processes", "zone.max-processes", "deny", 100, false},
	{"max-shm-memory", "zone.max-shm-memory", "deny", 0, true},
	{"max-shm-ids", "zone.max-shm-ids", "deny", 0, false},
	{"max-msg-ids", "zone.max-msg-ids", "deny", 0, false},
	{"max-sem-ids", "zone.max-sem-ids", "deny", 0, false},
	{"cpu-shares", "zone.cpu-shares", "none", 0, false},
	{"zfs-io-priority", "zone.zfs-io-priority", "none", 0, false},
	{"physical", "zone.max-physical-memory", "deny", 1 << 20, true},
	{"swap", "zone.max-swap", "deny", 50 << 20, true},
	{"locked", "zone.max-locked-memory", "deny", 0, true},
	{"ncpus", "zone.cpu-cap", "deny", 1, false},
}

// globalAliases are set in the global scope.
var globalAliases = aliases[:8]

func aliasOf(name string) (alias, bool) {
	for _, a := range aliases {
		if a.name == name {
			return a, true
		}
	}
	return alias{}, false
}

// lwpsPerProcess: a zone that limits processes alone gets as many threads.
const lwpsPerProcess = 10

const (
	errAlias  = message("An incompatible rctl already exists for this property")
	errAbsent = message("No such entry")
)

// get is the value that the alias shows: the rctl's if it has just one, of the
// alias's form.
func (a alias) get(c *zone.Config) (uint64, error) {
	r := rctlOf(c, a.rctl)
	if r == nil {
		return 0, errAbsent
	}
	if len(r.Values) != 1 || r.Values[0].Priv != "privileged" || r.Values[0].Action != a.action {
		return 0, errAlias
	}
	n, err := strconv.ParseUint(r.Values[0].Limit, 10, 64)
	if err != nil {
		return 0, errAlias
	}
	return n, nil
}

func (a alias) set(c *zone.Config, limit uint64) error {
	if _, err := a.get(c); errors.Is(err, errAlias) {
		return err
	}
	value := []zone.RctlValue{{Priv: "privileged", Limit: strconv.FormatUint(limit, 10), Action: a.action}}
	if r := rctlOf(c, a.rctl); r != nil {
		r.Values = value
	} else {
		c.Rctls = append(c.Rctls, zone.Rctl{Name: a.rctl, Values: value})
	}
	return nil
}

func (a alias) clear(c *zone.Config) error {
	if _, err := a.get(c); err != nil {
		return err
	}
	for i := range c.Rctls {
		if c.Rctls[i].Name == a.rctl {
			c.Rctls = append(c.Rctls[:i:i], c.Rctls[i+1:]...)
			break
		}
	}
	return nil
}

// parse reads a value of the alias.
func (a alias) parse(text string) (uint64, error) {
	if a.memory {
		n, ok := parseMemory(text)
		if !ok {
			return 0, sayf("A non-negative number with a required scale suffix (K, M, G or T) was expected\nhere.")
		}
		if n < a.least {
			return 0, sayf("%s value is too small.  It must be at least %s.", a.name, units(a.least))
		}
		return n, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n < a.least {
		return 0, sayf("%s property is out of range.", a.name)
	}
	return n, nil
}

// show is a value of the alias as info prints it.
func (a alias) show(n uint64) string {
	if a.memory {
		return units(n)
	}
	return strconv.FormatUint(n, 10)
}

func rctlOf(c *zone.Config, name string) *zone.Rctl {
	for i := range c.Rctls {
		if c.Rctls[i].Name == name {
			return &c.Rctls[i]
		}
	}
	return nil
}

const scales = "KMGT"

func parseMemory(text string) (uint64, bool) {
	if text == "" {
		return 0, false
	}
	at := strings.IndexByte(scales, text[len(text)-1]&^0x20)
	if at < 0 {
		return 0, false
	}
	shift := 10 * (at + 1)
	number := text[:len(text)-1]
	if n, err := strconv.ParseUint(number, 10, 64); err == nil {
		return n << shift, n<<shift>>shift == n
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(f >= 0) || f*float64(uint64(1)<<shift) >= 1<<63 || strings.ContainsAny(number, "xXeEpPnN_+") {
		return 0, false
	}
	return uint64(f * float64(uint64(1)<<shift)), true
}

// units prints bytes with a scale, one decimal when small and inexact.
func units(n uint64) string {
	if n < 1024 {
		return strconv.FormatUint(n, 10)
	}
	var exact uint64
	at := -1
	for n >= 1024 && at < len(scales)-1 {
		at++
		exact = n
		n = (n + 512) >> 10
	}
	if exact%1024 != 0 && exact>>10 < 10 {
		return fmt.Sprintf("%.1f%c", float64(exact)/1024, scales[at])
	}
	return fmt.Sprintf("%d%c", n, scales[at])
}

// parseCPUs reads capped-cpu's ncpus as per cent.
func parseCPUs(text string) (uint64, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f*100 >= 1) || f > 1e6 || strings.ContainsAny(text, "xXpPnN_") {
		return 0, false
	}
	return uint64(f*100 + 0.5), true
}

func showCPUs(cap uint64) string { return fmt.Sprintf("%.2f", float64(cap)/100) }
