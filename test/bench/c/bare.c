/* The floor of starting a container: clone3 into five namespaces (and a user
 * namespace with -u), a private mount tree on ROOT with /proc, /dev and /sys,
 * then exec. No cgroup, no filter, no network.
 *   bare [-u] ROOT PROGRAM [ARG...] */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_map(pid_t child, const char *file)
{
	static const char map[] = "0 1000000 65536";
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", child, file);
	int fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, map, sizeof map - 1) < 0)
		err(1, "%s", path);
	close(fd);
}

static void must(int result, const char *what)
{
	if (result < 0)
		err(127, "%s", what);
}

static void inside(const char *root, char **argv)
{
	must(mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL), "make / private");
	must(mount(root, root, NULL, MS_BIND | MS_REC, NULL), root);
	must(chdir(root), root);
	must(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "proc");
	must(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=64k"), "dev");
	must(mount("sysfs", "sys", "sysfs", MS_RDONLY, NULL), "sys");
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(chdir("/"), "/");
	execv(argv[0], argv);
	err(127, "%s", argv[0]);
}

int main(int argc, char **argv)
{
	int user = argc > 1 && strcmp(argv[1], "-u") == 0;
	int gate[2], status;
	char byte = 0;
	argv += user ? 2 : 1;
	if (!argv[0] || !argv[1] || pipe2(gate, O_CLOEXEC) < 0)
		errx(2, "usage: bare [-u] ROOT PROGRAM [ARG...]");
	struct clone_args how = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | (user ? CLONE_NEWUSER : 0),
		.exit_signal = SIGCHLD,
	};
	pid_t child = syscall(SYS_clone3, &how, sizeof how);
	must(child, "clone3");
	if (child == 0) {
		close(gate[1]);
		must(read(gate[0], &byte, 1), "gate");
		must(setresuid(0, 0, 0), "setresuid");
		inside(argv[0], argv + 1);
	}
	if (user) {
		write_map(child, "uid_map");
		write_map(child, "gid_map");
	}
	must(write(gate[1], &byte, 1), "gate");
	must(waitpid(child, &status, 0), "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
