#!/usr/sbin/dtrace -qs
/*
 * procsystime.d - how long the system calls of a program take, each kind summed
 * up; without a name, those of all programs.
 *
 *	procsystime.d [PROGRAM]
 */

#pragma D option defaultargs

syscall:::entry
/($$1 == "" || execname == $$1) && pid != $pid/
{
	self->began = timestamp;
}

syscall:::return
/self->began/
{
	@calls[probefunc] = count();
	@time[probefunc] = sum(timestamp - self->began);
	self->began = 0;
}

END
{
	normalize(@time, 1000);
	printf("%-24s %10s %14s\n", "CALL", "COUNT", "MICROSECONDS");
	printa("%-24s %@10d %@14d\n", @calls, @time);
}
