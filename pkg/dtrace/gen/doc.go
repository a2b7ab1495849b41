// Package gen turns a checked D program into eBPF instructions and the layout
// of what they leave behind. It is pure: it names maps, whose sizes it plans,
// and loads nothing.
//
// A program for one attach point is: take a scratch slot of this CPU, run the
// clauses of the probe that fired, give the slot back. Each clause builds its
// record in the slot and puts it out whole, so that a fault leaves nothing
// half-written. R6 holds the context, R7 the slot, R8 the record's place; R9 the
// probe's id. A value is computed into R0, intermediate ones wait on the stack.
package gen
