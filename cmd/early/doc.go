// Package early carries out what is asked most and needs least before there is a
// Go runtime: making one costs this large a program twenty times what the answer
// does.
//
// A program linked with -E _smartbox_start begins in entry_amd64.s, which calls
// Enter. (The C library has an entry of its own, so this is for CGO_ENABLED=0
// alone.) zlogin goes on to package door. Words that this package does not know to
// the letter, and all that is not as our own tools leave it (a journal, a
// configuration that was edited by hand, a full table, an error of the kernel),
// make it give up; then the Go runtime starts as ever, and the ordinary tool finds
// the words and the reason. So no message is worded here, and whatever is printed
// here is what the ordinary tool prints: a test runs both.
//
// Code that runs here has a stack, nothing else. It must not allocate, and not use
// maps, interfaces, defer, goroutines or what would need package initialisation; a
// test reads the machine code for calls of that. Its memory is one variable, whose
// pages cost nothing until they are used. A mistake that would panic ends in a
// fault, and that in the ordinary tool.
package early
