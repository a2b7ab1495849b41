#!/usr/sbin/dtrace -qs
/*
 * iosnoop.d - requests to disks as they end: who asked, where, how much, how
 * long it took.
 *
 *	iosnoop.d
 */

BEGIN
{
	printf("%9s %1s %-10s %10s %8s %7s %s\n", "USEC", "D", "DEVICE", "BLOCK", "BYTES", "PID", "PROGRAM");
}

io:::start
{
	began[arg0] = timestamp;
	who[arg0] = pid;
	name[arg0] = execname;
	size[arg0] = args[0]->b_bufsize;
}

io:::done
/began[arg0]/
{
	printf("%9d %1s %-10s %10d %8d %7d %s\n", (timestamp - began[arg0]) / 1000,
	    args[0]->b_flags & B_WRITE ? "W" : "R", args[1]->dev_statname, args[0]->b_blkno,
	    size[arg0], who[arg0], name[arg0]);
	began[arg0] = 0;
	who[arg0] = 0;
	name[arg0] = 0;
	size[arg0] = 0;
}
