// Package probe knows which probes this host has, under the names D gives them,
// and how each is attached: tracepoints, perf events, a run of our own. What a
// probe's clauses do is none of its business.
package probe
