// Package consume turns what probes left, records and aggregations, into the
// text that dtrace(8) prints. It knows the layouts that package gen planned and
// nothing of eBPF; whoever runs the session hands it bytes.
package consume
