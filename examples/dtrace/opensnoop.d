#!/usr/sbin/dtrace -qs
/*
 * opensnoop.d - files as they are opened, and why that failed. With a name as
 * argument, of programs of that name only.
 *
 *	opensnoop.d [PROGRAM]
 */

#pragma D option defaultargs

BEGIN
{
	printf("%7s %-16s %4s %4s %s\n", "PID", "PROGRAM", "FD", "ERR", "PATH");
}

syscall::open:entry
/$$1 == "" || execname == $$1/
{
	self->path = arg0;
}

syscall::openat:entry,
syscall::openat2:entry
/$$1 == "" || execname == $$1/
{
	self->path = arg1;
}

/* The path is read when the call is over: then it is surely in memory. */
syscall::open:return,
syscall::openat:return,
syscall::openat2:return
/self->path/
{
	printf("%7d %-16s %4d %4d %s\n", pid, execname, (int)arg1, errno, copyinstr(self->path));
	self->path = 0;
}
