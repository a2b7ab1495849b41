// Package pid1 is the init of the in-memory system. PID 1 itself does little,
// so that little can go wrong: it mounts what every program expects, starts the
// one child that does the work, reaps, and when that child says so it ends all
// processes and powers off, reboots or enters another kernel. If the child
// fails, it says why on the console and offers a rescue shell; it never exits,
// for the kernel would panic.
package pid1
