// Package door is "zlogin ZONE COMMAND...", the way into a zone that scripts
// take most, before there is a Go runtime: making one costs several times what
// the way itself does.
//
// The program's entry (package early) calls Enter with a stack when the program is
// called as zlogin; when Enter comes back, the Go runtime begins as ever. There are
// two ways to the same end then:
//
//   - All that this package meets and does not know, and all that goes wrong
//     until the command is being executed, is left to the ordinary zlogin, which
//     begins anew and finds the words. Only a command that runs is past return.
//   - What decides who and what the command is comes from the same code: the
//     children of package child, the accounts of package account, the relay of
//     package relay, and a record that the zone's zoneadmd writes at its boot.
//
// Code that runs without a runtime does not allocate, panic, start goroutines,
// use maps, interfaces, defer or anything else that the runtime is needed for;
// a test reads the linked binary to see that it calls nothing of that. Its memory
// is one variable of package level, whose pages cost nothing until they are used.
package door
