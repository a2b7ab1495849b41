/* Block I/O and open files. */

inline int B_BUSY = 0x000001;
inline int B_DONE = 0x000002;
inline int B_ERROR = 0x000004;
inline int B_PAGEIO = 0x000010;
inline int B_PHYS = 0x000020;
inline int B_READ = 0x000040;
inline int B_WRITE = 0x000100;
inline int B_ASYNC = 0x000400;

typedef struct bufinfo {
	int b_flags;
	size_t b_bcount;
	caddr_t b_addr;
	uint64_t b_lblkno;
	uint64_t b_blkno;
	size_t b_resid;
	size_t b_bufsize;
	caddr_t b_iodone;
	int b_error;
	dev_t b_edev;
} bufinfo_t;

translator bufinfo_t < struct request *R > {
	b_flags = R ? ((R->cmd_flags & 0xff) & 1 ? 0x100 : 0x40) | 0x20 | 0x400 : 0;
	b_bcount = R && R->bio ? R->bio->bi_iter.bi_size : 0;
	b_addr = 0;
	b_lblkno = R ? R->__sector : 0;
	b_blkno = R ? R->__sector : 0;
	b_resid = 0;
	b_bufsize = R ? R->__data_len : 0;
	b_iodone = R ? (caddr_t)R->end_io : (caddr_t)0;
	b_error = 0;
	b_edev = !R ? 0 : R->part ? R->part->bd_dev : R->q->disk ? (R->q->disk->major << 20 | R->q->disk->first_minor) : 0;
};

typedef struct devinfo {
	int dev_major;
	int dev_minor;
	int dev_instance;
	string dev_name;
	string dev_statname;
	string dev_pathname;
} devinfo_t;

translator devinfo_t < struct request *R > {
	dev_major = !R ? 0 : R->part ? R->part->bd_dev >> 20 : R->q->disk ? R->q->disk->major : 0;
	dev_minor = !R ? 0 : R->part ? R->part->bd_dev & 0xfffff : R->q->disk ? R->q->disk->first_minor : 0;
	dev_instance = 0;
	dev_name = R && R->q->disk ? stringof(R->q->disk->disk_name) : "<unknown>";
	dev_statname = R && R->q->disk ? stringof(R->q->disk->disk_name) : "<unknown>";
	dev_pathname = R && R->q->disk ? strjoin("/dev/", stringof(R->q->disk->disk_name)) : "<unknown>";
};

typedef struct fileinfo {
	string fi_name;
	string fi_dirname;
	string fi_pathname;
	off_t fi_offset;
	string fi_fs;
	string fi_mount;
	int fi_oflags;
} fileinfo_t;

translator fileinfo_t < struct file *F > {
	fi_name = F ? stringof(F->f_path.dentry->d_name.name) : "<none>";
	fi_dirname = F ? dirname(d_path(&F->f_path)) : "<none>";
	fi_pathname = F ? d_path(&F->f_path) : "<none>";
	fi_offset = F ? F->f_pos : 0;
	fi_fs = F ? stringof(F->f_inode->i_sb->s_type->name) : "<none>";
	fi_mount = "<unknown>";
	fi_oflags = F ? F->f_flags : 0;
};

inline fileinfo_t fds[int fd] = xlate<fileinfo_t>(fd >= 0 && fd < curthread->files->fdt->max_fds ? curthread->files->fdt->fd[fd] : (struct file *)0);
