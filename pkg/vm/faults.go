package vm

import (
	"fmt"
	"slices"
	"strings"
)

// FaultKind says what is wrong with a property of a payload.
type FaultKind int

// The kinds of fault.
const (
	BadValue    FaultKind = iota // known here, its value is not
	BadProperty                  // not for this brand and action, or unknown
	Missing                      // required and not there
)

// Fault is one thing that is wrong with a payload.
type Fault struct {
	Kind FaultKind
	Name string // "quota", "nics.*.mtu", "disks.0.size"
	Why  string // empty when the kind says it all
}

// PayloadError is everything that is wrong with a payload.
type PayloadError struct {
	BadBrand string // the only fault when set
	Faults   []Fault
}

// Answer is the error in the form that vmadm validate prints.
func (e *PayloadError) Answer() any {
	if e.BadBrand != "" {
		return map[string]string{"bad_brand": e.BadBrand}
	}
	return struct {
		Values     []string `json:"bad_values"`
		Properties []string `json:"bad_properties"`
		Missing    []string `json:"missing_properties"`
	}{e.Names(BadValue), e.Names(BadProperty), e.Names(Missing)}
}

// Names lists the properties with faults of a kind, sorted, each once.
func (e *PayloadError) Names(kind FaultKind) []string {
	names := []string{}
	for _, f := range e.Faults {
		if f.Kind == kind {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (e *PayloadError) Error() string {
	if e.BadBrand != "" {
		return fmt.Sprintf("Invalid value(s) for: brand (%q is not a brand)", e.BadBrand)
	}
	var parts []string
	if names := e.Names(BadValue); len(names) > 0 {
		text := "Invalid value(s) for: " + strings.Join(names, ",")
		if why := e.reasons(); why != "" {
			text += " (" + why + ")"
		}
		parts = append(parts, text)
	}
	if names := e.Names(BadProperty); len(names) > 0 {
		parts = append(parts, "Invalid properties: "+strings.Join(names, ","))
	}
	if names := e.Names(Missing); len(names) > 0 {
		parts = append(parts, "Missing required properties: "+strings.Join(names, ","))
	}
	return strings.Join(parts, "; ")
}

func (e *PayloadError) reasons() string {
	var why []string
	for _, f := range e.Faults {
		if f.Kind == BadValue && f.Why != "" {
			why = append(why, f.Name+": "+f.Why)
		}
	}
	slices.Sort(why)
	return strings.Join(slices.Compact(why), "; ")
}

func (e *PayloadError) add(kind FaultKind, name, format string, args ...any) {
	e.Faults = append(e.Faults, Fault{kind, name, fmt.Sprintf(format, args...)})
}

// dropUnknown returns the error less the bad properties, which create and
// update only warn about; nil when nothing is left.
func (e *PayloadError) dropUnknown() *PayloadError {
	rest := &PayloadError{BadBrand: e.BadBrand}
	for _, f := range e.Faults {
		if f.Kind != BadProperty {
			rest.Faults = append(rest.Faults, f)
		}
	}
	if rest.BadBrand == "" && len(rest.Faults) == 0 {
		return nil
	}
	return rest
}
