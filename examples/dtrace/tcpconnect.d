#!/usr/sbin/dtrace -qs
/*
 * tcpconnect.d - TCP connections as they come about, out and in, and those that
 * were refused.
 *
 *	tcpconnect.d
 */

BEGIN
{
	printf("%-20s %-8s %-24s %6s %-24s %6s\n", "TIME", "WAY", "LOCAL", "PORT", "REMOTE", "PORT");
}

tcp:::connect-established
{
	this->way = "out";
}

tcp:::connect-refused
{
	this->way = "refused";
}

tcp:::accept-established
{
	this->way = "in";
}

tcp:::connect-established,
tcp:::connect-refused,
tcp:::accept-established
{
	printf("%-20Y %-8s %-24s %6d %-24s %6d\n", walltimestamp, this->way,
	    args[3]->tcps_laddr, args[3]->tcps_lport, args[3]->tcps_raddr, args[3]->tcps_rport);
}
