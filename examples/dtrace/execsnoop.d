#!/usr/sbin/dtrace -qs
/*
 * execsnoop.d - programs as they begin, with their zone and their arguments.
 *
 *	execsnoop.d
 */

BEGIN
{
	printf("%-20s %6s %7s %7s %-16s %s\n", "TIME", "UID", "PID", "PPID", "ZONE", "ARGS");
}

proc:::exec-success
{
	printf("%-20Y %6d %7d %7d %-16s %s\n", walltimestamp, uid, pid, ppid, zonename, execargs);
}
