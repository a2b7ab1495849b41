#!/usr/sbin/dtrace -qs
/*
 * zonecalls.d - how many system calls each zone makes, and which most.
 *
 *	zonecalls.d
 */

syscall:::entry
{
	@zones[zonename] = count();
	@calls[zonename, probefunc] = count();
}

END
{
	printf("%-24s %12s\n", "ZONE", "CALLS");
	printa("%-24s %@12d\n", @zones);
	trunc(@calls, 20);
	printf("\n%-24s %-24s %12s\n", "ZONE", "CALL", "COUNT");
	printa("%-24s %-24s %@12d\n", @calls);
}
