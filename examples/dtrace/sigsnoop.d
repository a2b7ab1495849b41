#!/usr/sbin/dtrace -qs
/*
 * sigsnoop.d - signals as they are sent: by whom, to whom, which.
 *
 *	sigsnoop.d
 */

BEGIN
{
	printf("%7s %-16s %7s %-16s %s\n", "FROM", "PROGRAM", "TO", "PROGRAM", "SIGNAL");
}

proc:::signal-send
{
	printf("%7d %-16s %7d %-16s %d\n", pid, execname, args[1]->pr_pid, args[1]->pr_fname, args[2]);
}
