#!/usr/sbin/dtrace -qs
/*
 * filebyproc.d - which programs open which files, and how often.
 *
 *	filebyproc.d
 */

syscall::open:entry
{
	self->path = arg0;
}

syscall::openat:entry,
syscall::openat2:entry
{
	self->path = arg1;
}

syscall::open*:return
/self->path/
{
	@files[execname, copyinstr(self->path)] = count();
	self->path = 0;
}

END
{
	printa("%-16s %-60s %@8d\n", @files);
}
