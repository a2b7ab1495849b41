// Package kernel reads Linux kernels as distributions pack them: a Debian
// package, an unpacked directory, or the one of this host; and their modules,
// whose needs (dependencies, soft dependencies, aliases) it takes from the
// modules themselves, for a package has no modules.dep. It loads nothing: that
// is package kmod's work.
package kernel
