#!/usr/sbin/dtrace -qs
/*
 * hotstacks.d - where a process spends its time: its ten most frequent stacks.
 *
 *	hotstacks.d -c COMMAND
 *	hotstacks.d -p PID
 */

profile-997
/pid == $target && arg1/
{
	@stacks[ustack(20)] = count();
}

END
{
	trunc(@stacks, 10);
}
