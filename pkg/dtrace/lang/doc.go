// Package lang reads the D language: text to tokens to a syntax tree. It knows
// no types beyond their names, no probes and no kernel; what a tree means is
// package sema's business. It is pure, and it stops at the first error, as the
// original compiler does.
//
// The language is that of the illumos Dynamic Tracing Guide and of Oracle's
// dtrace(8) user guide.
package lang
