#!/usr/sbin/dtrace -qs
/*
 * offcpu.d - how long threads are off the processors between two runs, in
 * microseconds. With a name as argument, those of programs of that name only.
 *
 *	offcpu.d [PROGRAM]
 */

#pragma D option defaultargs

sched:::off-cpu
/pid && ($$1 == "" || execname == $$1)/
{
	self->left = timestamp;
}

sched:::on-cpu
/self->left/
{
	@off[execname] = quantize((timestamp - self->left) / 1000);
	@total[execname] = sum((timestamp - self->left) / 1000);
	self->left = 0;
}
