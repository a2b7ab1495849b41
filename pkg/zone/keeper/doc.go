// Package keeper is what a zoneadmd is while it has nothing to do: a program of
// one page that waits. A Go process that waits costs ten times the memory, and
// there is one beside every running zone.
//
// The program is made here, as an ELF file in memory whose machine code is the
// function code of code_GOARCH.s. A process that executes it (Sleep, or a child
// forked for it by package jail) stays who it is: its pid, its children, its
// locks and its open files. It has three things to do:
//
//   - wait until init has ended, the zone prints to its console, somebody
//     connects to one of the zone's sockets, or a time has come;
//   - execute this binary as zoneadmd then, which finds the descriptors at the
//     numbers below and decides what to do;
//   - end when SIGTERM comes: kill init, wait for its end, and exit. What is left
//     is for the one who sent the signal to sweep.
//
// It reads nothing, not even what woke it, and nothing is lost meanwhile: the
// kernel holds connections, the terminal's bytes and the status of init.
package keeper

// Descriptors of a zoneadmd, asleep and awake. 0 is the null device, 1 and 2
// are its log.
const (
	Lock     = iota + 3 // the zone's lock
	Claim               // the claim of its ids
	Orders              // sockets that listen
	Console             //
	Metadata            //
	Master              // of the console's terminal
	Slave               // of the same, lest the master is hung up
	Init                // pidfd of the zone's init
	Netns               // its network namespace
	Sync                // to the init of a zone that is ready, and from it
	Report              //
	Term                // a signalfd for SIGTERM
	Exe                 // this binary
	Time                // the host's time namespace
	Clients             // of the console, any number from here on
)
