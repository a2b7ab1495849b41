// Package usdt puts probes into C programs: a header with a macro for each
// probe, and an object file to link that makes the places where the macros are
// used probes. In the program they are systemtap notes with semaphores, which
// any tracer understands; a place costs a no-op while nobody listens, and no
// daemon is needed. It compiles nothing and runs nothing.
package usdt

import "strings"

// Provider is what a provider declaration says.
type Provider struct {
	Name   string
	Probes []Probe
}

// Probe is one probe with the C types of its arguments.
type Probe struct {
	Name string // as declared: __ stands for a dash
	Args []Arg
}

// Arg is an argument of a probe.
type Arg struct {
	Type   string // in C
	Size   int    // bytes
	Signed bool
}

// stub is the name that stands for a probe in objects.
func stub(provider, probe string) string { return "__dtrace_" + provider + "___" + probe }

// enabled is the name of the function that tells whether somebody listens.
func enabled(provider, probe string) string { return "__dtraceenabled_" + provider + "___" + probe }

// macro is the name of a probe's macro.
func macro(provider, probe string) string {
	return strings.ToUpper(provider + "_" + strings.ReplaceAll(probe, "__", "_"))
}
