package probe

import (
	"fmt"
	"strconv"
	"strings"
)

// addProfiles lists the rates that -l shows; others are made when named.
func (db *DB) addProfiles() {
	for _, hz := range []int64{97, 199, 499, 997, 1999, 4001, 4999} {
		db.add(&Probe{Provider: "profile", Name: fmt.Sprintf("profile-%d", hz), Attach: Attach{Kind: Profile, Period: -hz}})
	}
	for _, hz := range []int64{1, 10, 100, 500, 1000, 5000} {
		db.add(&Probe{Provider: "profile", Name: fmt.Sprintf("tick-%d", hz), Attach: Attach{Kind: Tick, Period: -hz}})
	}
}

// make makes the probe that a description names exactly, where a provider has
// endless many: profile-123us, tick-7s, cpu_clock-all-10000.
func (db *DB) make(d Desc) *Probe {
	if d.Module != "" || d.Func != "" || isGlob(d.Name) || db.byName["profile:::"+d.Name] != nil || db.byName["cpc:::"+d.Name] != nil {
		return nil
	}
	p := clock(d.Name)
	if p == nil {
		p = counterProbe(d.Name)
	}
	if p == nil || d.Provider != "" && !matchPart(d.Provider, p.Provider) {
		return nil
	}
	return db.add(p)
}

// clock is profile-RATE or tick-RATE; nil for a name that is none.
func clock(name string) *Probe {
	kind, rate, ok := strings.Cut(name, "-")
	if !ok || kind != "profile" && kind != "tick" {
		return nil
	}
	period, ok := parseRate(rate)
	if !ok {
		return nil
	}
	a := Attach{Kind: Profile, Period: period}
	if kind == "tick" {
		a.Kind = Tick
	}
	return &Probe{Provider: "profile", Name: name, Attach: a}
}

// parseRate reads a rate: a number of the unit, of Hz without one. Faster than
// every 200 microseconds is refused, as in the original.
func parseRate(s string) (int64, bool) {
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 {
		return 0, false
	}
	var unit int64
	switch s[len(digits):] {
	case "", "hz":
		return -n, n <= 5000
	case "ns", "nsec":
		unit = 1
	case "us", "usec":
		unit = 1e3
	case "ms", "msec":
		unit = 1e6
	case "s", "sec":
		unit = 1e9
	case "m", "min":
		unit = 60e9
	case "h", "hour":
		unit = 3600e9
	case "d", "day":
		unit = 86400e9
	default:
		return 0, false
	}
	return n * unit, n <= 1<<62/unit && n*unit >= 200_000
}
