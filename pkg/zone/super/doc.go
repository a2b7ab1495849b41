// Package super is zoneadmd: the one process beside each running zone. It is
// init's parent, owns the zone's console, lock and sockets, sees how init ends,
// and boots the zone again when it must.
//
// The zone itself is made by Raise, in the process of the command that boots it
// (or of the zoneadmd that boots it again), and left to a process forked for
// that. It sleeps as long as nothing happens, as a keeper of one page (package
// keeper), and becomes Run, a program in Go, when init ends, the console prints
// or somebody connects; after a while of quiet it goes to sleep again. It stays
// the same process. What it knows meanwhile is in state.json, in descriptors at
// fixed numbers, and in a note in its environment.
//
// It dies with its zone, and the zone with it. What it could not remove, because
// it was killed or told to end while it slept, the next command's sweep does
// (pkg/zone).
package super
