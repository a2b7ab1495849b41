/*
 * A script as long as those that people keep: what processes do, by system
 * call, time, size and file. It ends where it begins: what is measured is how
 * long it takes to compile and attach.
 */
#pragma D option quiet
#pragma D option dynvarsize=1m

inline int SLOW = 1000000;
inline int LARGE = 65536;
inline string UNKNOWN = "<unknown>";

struct tally {
	uint64_t calls;
	uint64_t bytes;
	uint64_t ns;
};

typedef struct place {
	int fd;
	uint32_t flags;
	string name;
} place_t;

struct tally total;
struct place last;
uint64_t since;
int64_t worst;
string slowest;
uint64_t seen[string, int];
self uint64_t began;
self string path;

dtrace:::BEGIN
{
	since = timestamp;
	worst = -1;
	slowest = UNKNOWN;
	printf("%-16s %8s %s\n", "PROGRAM", "PID", "WHAT");
	exit(0);
}

syscall::read:entry,
syscall::pread64:entry
/pid != $pid/
{
	self->read = timestamp;
	self->read_fd = (int)arg0;
	@sizes["bytes read"] = quantize(arg2);
}

syscall::read:return,
syscall::pread64:return
/self->read/
{
	this->took = timestamp - self->read;
	total.calls++;
	total.bytes += (int64_t)arg0 > 0 ? arg0 : 0;
	total.ns += this->took;
	@took[probefunc] = quantize(this->took);
	@bytes[execname, self->read_fd] = sum(arg0);
	if (this->took > SLOW) {
		printf("%-16s %8d read of %d bytes took %d us\n", execname, pid, arg0, this->took / 1000);
	}
	self->read = 0;
	self->read_fd = 0;
}

syscall::write:entry,
syscall::pwrite64:entry
/pid != $pid/
{
	self->write = timestamp;
	self->write_fd = (int)arg0;
	@sizes["bytes written"] = quantize(arg2);
}

syscall::write:return,
syscall::pwrite64:return
/self->write/
{
	this->took = timestamp - self->write;
	total.calls++;
	total.bytes += (int64_t)arg0 > 0 ? arg0 : 0;
	total.ns += this->took;
	@took[probefunc] = quantize(this->took);
	@bytes[execname, self->write_fd] = sum(arg0);
	if (this->took > SLOW) {
		printf("%-16s %8d write of %d bytes took %d us\n", execname, pid, arg0, this->took / 1000);
	}
	self->write = 0;
	self->write_fd = 0;
}

syscall::open:entry
{
	self->path = copyinstr(arg0);
	self->began = timestamp;
}

syscall::openat:entry
{
	self->path = copyinstr(arg1);
	self->began = timestamp;
}

syscall::newstat:entry
{
	self->path = copyinstr(arg0);
	self->began = timestamp;
}

syscall::newfstatat:entry
{
	self->path = copyinstr(arg1);
	self->began = timestamp;
}

syscall::unlink:entry
{
	self->path = copyinstr(arg0);
	self->began = timestamp;
}

syscall::unlinkat:entry
{
	self->path = copyinstr(arg1);
	self->began = timestamp;
}

syscall::open:return,
syscall::openat:return
/self->began && errno == 0/
{
	last.fd = arg0;
	last.name = basename(self->path);
	@opens[execname, dirname(self->path)] = count();
	printf("%-16s %8d opened %s\n", execname, pid, self->path);
}

syscall::open:return,
syscall::openat:return,
syscall::newstat:return,
syscall::newfstatat:return,
syscall::unlink:return,
syscall::unlinkat:return
/self->began && errno != 0/
{
	@failures[execname, probefunc, errno] = count();
}

syscall::open:return,
syscall::openat:return,
syscall::newstat:return,
syscall::newfstatat:return,
syscall::unlink:return,
syscall::unlinkat:return
/self->began/
{
	this->took = timestamp - self->began;
	seen[probefunc, pid] += this->took;
	worst = this->took > worst ? this->took : worst;
	slowest = this->took == worst ? self->path : slowest;
	self->path = 0;
	self->began = 0;
}

syscall:::entry
{
	@calls[execname] = count();
	@byzone[zonename] = count();
}

proc:::exec-success
{
	printf("%-16s %8d runs, started by %d\n", execname, pid, ppid);
}

proc:::exit
/arg0 != 1/
{
	printf("%-16s %8d was ended\n", execname, pid);
	@ended[execname, uid] = count();
}

sched:::off-cpu
{
	self->off = timestamp;
}

sched:::on-cpu
/self->off/
{
	@waited[execname] = lquantize((timestamp - self->off) / 1000000, 0, 1000, 100);
	self->off = 0;
}

profile-97
/arg1/
{
	@hot[execname, ustack(5)] = count();
}

tick-10s
{
	trunc(@calls, 10);
	normalize(@bytes, 1024);
	printa("%-16s %@8u\n", @calls);
	clear(@calls);
}

dtrace:::END
{
	printf("%d calls, %d bytes, %d ms; slowest: %s\n", total.calls, total.bytes,
	    total.ns / 1000000, slowest);
	printa(@took);
	printa(@sizes);
}
