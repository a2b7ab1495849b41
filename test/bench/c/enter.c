/* The floor of entering a zone: one setns by pidfd into all namespaces of PID,
 * fork, exec. No cgroups, no clean environment, no descriptors closed.
 *   enter PID PROGRAM [ARG...] */
#define _GNU_SOURCE
#include <err.h>
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: enter PID PROGRAM [ARG...]");
	int all = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP;
	int zone = syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	if (zone < 0)
		err(1, "process %s", argv[1]);
	prctl(PR_SET_DUMPABLE, 0);
	if (setns(zone, all) < 0)
		err(1, "setns");
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		err(1, "become root of the zone");
	pid_t child = vfork();
	if (child == 0) {
		if (chdir("/") == 0)
			execv(argv[2], argv + 2);
		_exit(127);
	}
	int status;
	if (child < 0 || waitpid(child, &status, 0) < 0)
		err(1, "fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
