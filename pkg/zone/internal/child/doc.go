// Package child is what becomes of a process between the fork and the command
// that it executes in a zone; package enter says why there are two of them.
//
// Nothing in it needs a Go runtime: the children are copies of a process whose
// other threads do not exist, and their parent may be one that has no runtime
// yet (package door). So there is no allocation, no pointer written to the heap,
// no panic, no growing stack, no lock: only data prepared to the last byte and
// raw system calls. Everything that the children run is nosplit.
package child
