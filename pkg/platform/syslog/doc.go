// Package syslog keeps what programs and the kernel say: it listens on /dev/log
// as syslog(3) writes to it, reads the kernel's messages, and writes both to one
// file that is turned when it is large. Until there is a place for that file
// what is said is held in memory. It sends nothing anywhere.
package syslog
