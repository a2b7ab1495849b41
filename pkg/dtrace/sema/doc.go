// Package sema checks a D program: it resolves names and types, applies C's
// and D's rules, and yields package ir's tree, in which nothing is left to
// guess. What exists (probes, the kernel's types, zones) comes in through Env;
// the package itself is pure and touches no kernel.
package sema
