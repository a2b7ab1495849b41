/* The floor of a clone: one btrfs ioctl.  snap SOURCE DIRECTORY NAME */
#include <err.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
	struct btrfs_ioctl_vol_args_v2 args = {0};
	if (argc != 4)
		errx(2, "usage: snap SOURCE DIRECTORY NAME");
	int dir = open(argv[2], O_RDONLY | O_DIRECTORY);
	args.fd = open(argv[1], O_RDONLY | O_DIRECTORY);
	strncpy(args.name, argv[3], sizeof args.name - 1);
	if (dir < 0 || args.fd < 0 || ioctl(dir, BTRFS_IOC_SNAP_CREATE_V2, &args) < 0)
		err(1, "snapshot");
	return 0;
}
