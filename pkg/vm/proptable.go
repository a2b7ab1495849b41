package vm

import "math"

// machineRows are the properties of every machine and of zones.
func machineRows() []Property {
	return []Property{
		{
			Name: "alias", Type: String, Use: "all:cru", Effect: Live, Class: Data, Width: 10,
			Doc: "A name for people; it need not be unique.",
		},
		{
			Name: "archive_on_delete", Type: Boolean, Use: "all:cru", Effect: Live, Class: Maps, Hidden: "false", Default: "false",
			Doc:   "Keeps a record of the machine when it is deleted.",
			Linux: "what get shows, the config files and the logs are copied to POOL/archive/UUID first",
		},
		{
			Name: "autoboot", Type: Boolean, Use: "all:cru", Effect: Live, Class: Maps, Width: 8, Default: "true",
			Doc: "Boots the machine when the host boots; start sets it, stop clears it.",
		},
		{
			Name: "billing_id", Type: String, Use: "all:cru", Effect: Live, Class: Data, Width: 36, Default: "00000000-0000-0000-0000-000000000000",
			Doc: "Whom to bill; any text.",
		},
		{
			Name: "brand", Type: String, Use: "all:cr", Effect: Fixed, Class: Maps, Width: 14, Default: "joyent",
			Doc:   "The kind of machine.",
			Linux: "namespaces for joyent, joyent-minimal, builder and lx",
		},
		{
			Name: "cpu_cap", Type: Integer, Use: "all:cru", Effect: Live, Class: Maps, Min: new(int64(0)), Width: 7, Default: "none",
			Doc:   "Most processor time the machine may use, in percent of one processor; 0 is no cap.",
			Linux: "the cfs quota of the cpu controller",
		},
		{
			Name: "cpu_shares", Type: Integer, Use: "all:cru", Effect: Live, Class: Maps, Min: new(int64(0)), Width: 9, Header: "CPU_SHARE", Default: "100",
			Doc:   "Share of processor time under contention, relative to other machines; above 65535 counts as 65535.",
			Linux: "cpu.shares or cpu.weight",
		},
		{
			Name: "create_only", Type: Boolean, Use: "all:r", Effect: CreateOnly, Class: Data,
			Doc: "Said by receive: make the machine without its datasets.",
		},
		{
			Name: "create_timestamp", Type: String, Use: "all:r", Effect: Fixed, Class: Data, Width: 24,
			Doc: "When the machine was created.",
		},
		{
			Name: "customer_metadata", Type: FlatObject, Use: "all:cr", Effect: Live, Class: Maps, Default: "{}",
			Doc:   "Metadata that the machine reads with mdata-get.",
			Linux: "over the metadata socket, protocol version 2",
		},
		{
			Name: "dataset_uuid", Type: UUID, Use: "JLMU:cr", Effect: Fixed, Class: Maps,
			Doc: "Old name of image_uuid.",
		},
		{
			Name: "datasets", Type: List, Use: "all:r", Effect: Fixed, Class: Data,
			Doc: "Delegated datasets, as send wrote them.",
		},
		{
			Name: "delegate_dataset", Type: Boolean, Use: "JLMU:cr", Effect: Fixed, Class: Partly, Pending: true, Default: "false",
			Doc:   "Gives the machine a dataset of its own to manage, POOL/UUID/data.",
			Linux: "refused: no zfs runs in a machine that could manage it",
		},
		{
			Name: "dns_domain", Type: String, Use: "JLMU:cru", Effect: CreateOnly, Class: Maps, Width: 32, Header: "DOMAIN", Default: "local",
			Doc: "Search domain in the resolv.conf of a new machine.",
		},
		{
			Name: "do_not_inventory", Type: Boolean, Use: "all:cru", Effect: Live, Class: Data, Width: 5, Header: "DNI", Hidden: "false", Default: "false",
			Doc: "Asks inventories to leave the machine out.",
		},
		{
			Name: "docker", Type: Boolean, Use: "LM:cru", Effect: NextBoot, Class: Partly, Width: 6, Hidden: "false", Pending: true, Default: "false",
			Doc:   "Runs init_name as an application container: stop sends SIGTERM, then SIGKILL; init is not restarted.",
			Linux: "create refuses it until images of docker are supported; on a made machine it changes how it stops",
		},
		{
			Name: "filesystems", Type: ObjectArray, Use: "JLMU:cr", Effect: NextBoot, Class: Maps,
			Doc: "Directories of the host, and other file systems, mounted into the machine.",
		},
		{
			Name: "firewall_enabled", Type: Boolean, Use: "all:cru", Effect: Live, Class: Maps, Width: 16, Pending: true, Default: "false",
			Doc:   "Filters the machine with the firewall rules of fwadm.",
			Linux: "kept; rules are not yet supported on this host",
		},
		{
			Name: "fs_allowed", Type: List, Use: "JLMU:cru", Effect: NextBoot, Class: Partly, Default: "none",
			Doc:   "Further file system types that the machine may mount.",
			Linux: "only types that a user namespace may mount can be granted",
		},
		{
			Name: "hostname", Type: String, Use: "all:cru", Effect: NextBoot, Class: Maps, Width: 32, Default: "zonename",
			Doc:   "Host name of the machine.",
			Linux: "the UTS namespace",
		},
		{
			Name: "image_uuid", Type: UUID, Use: "all:cr", Effect: Fixed, Class: Maps, Width: 36,
			Doc:   "Image that the machine is cloned from; required but for hardware virtual machines.",
			Linux: "imgadm list names the installed ones",
		},
		{
			Name: "indestructible_delegated", Type: Boolean, Use: "all:cru", Effect: Live, Class: Maps, Width: 12, Header: "INDESTR_DATA", Hidden: "false", Default: "false",
			Doc:   "Guards the delegated dataset against delete and reprovision.",
			Linux: "refused: there is no delegated dataset",
		},
		{
			Name: "indestructible_zoneroot", Type: Boolean, Use: "all:cru", Effect: Live, Class: Maps, Width: 12, Header: "INDESTR_ROOT", Hidden: "false", Default: "false",
			Doc:   "Guards the machine against delete and reprovision.",
			Linux: "the snapshot @indestructible with the hold do_not_destroy, which zfs destroy heeds too",
		},
		{
			Name: "init_name", Type: String, Use: "JLMU:cru", Effect: NextBoot, Class: Maps, Default: "the brand's",
			Doc: "Program that runs as process 1.",
		},
		{
			Name: "internal_metadata", Type: FlatObject, Use: "all:cr", Effect: Live, Class: Data, Default: "{}",
			Doc: "Metadata for the operator and for namespaced keys of the machine.",
		},
		{
			Name: "internal_metadata_namespaces", Type: List, Use: "all:cru", Effect: Live, Class: Maps, Default: "[]",
			Doc: "Prefixes of keys that the machine reads from internal_metadata and cannot write.",
		},
		{
			Name: "kernel_version", Type: String, Use: "L:cru", Effect: NextBoot, Class: Foreign,
			Doc:   "Kernel version that programs of the machine expect; required.",
			Linux: "recorded; uname shows the host's kernel, and an older one than asked for is warned about",
		},
		{
			Name: "limit_priv", Type: List, Use: "all:cru", Effect: NextBoot, Class: Partly, Default: "default",
			Doc:   "Privileges of the machine.",
			Linux: "those with a Linux counterpart become capabilities, the others are kept without effect",
		},
		{
			Name: "maintain_resolvers", Type: Boolean, Use: "JLMU:cru", Effect: Live, Class: Maps, Hidden: "false", Default: "false",
			Doc: "Rewrites resolv.conf of the machine when resolvers change.",
		},
		{
			Name: "max_locked_memory", Type: Integer, Use: "all:cru", Effect: Live, Class: Partly, Min: new(int64(0)), Width: 10, Header: "MAX_LOCKED", Default: "max_physical_memory",
			Doc:   "Most memory that may be locked, MiB; never above max_physical_memory.",
			Linux: "a limit per process, since no controller counts it",
		},
		{
			Name: "max_lwps", Type: Integer, Use: "all:cru", Effect: Live, Class: Maps, Min: new(int64(0)), Width: 7, Header: "MAX_LWP", Default: "2000",
			Doc:   "Most threads.",
			Linux: "the pids controller",
		},
		{
			Name: "max_msg_ids", Type: Integer, Use: "all:cru", Effect: Live, Class: Maps, Min: new(int64(0)), Default: "4096",
			Doc:   "Most System V message queues.",
			Linux: "of the ipc namespace",
		},
		{
			Name: "max_physical_memory", Type: Integer, Use: "all:cru", Effect: Live, Class: Maps, Min: new(int64(0)), Width: 12, Header: "MAX_PHYSICAL", Default: "256",
			Doc:   "Most memory, MiB.",
			Linux: "the memory controller, which kills where SmartOS pages out",
		},
		{
			Name: "max_sem_ids", Type: Integer, Use: "all:cru", Effect: Live, Class: Maps, Min: new(int64(0)), Default: "4096",
			Doc:   "Most System V semaphore sets.",
			Linux: "of the ipc namespace",
		},
		{
			Name: "max_shm_ids", Type: Integer, Use: "all:cru", Effect: Live, Class: Maps, Min: new(int64(0)), Default: "4096",
			Doc:   "Most System V shared memory segments.",
			Linux: "of the ipc namespace",
		},
		{
			Name: "max_shm_memory", Type: Integer, Use: "all:cru", Effect: Live, Class: Maps, Min: new(int64(0)), Default: "max_physical_memory",
			Doc:   "Most System V shared memory, MiB.",
			Linux: "of the ipc namespace",
		},
		{
			Name: "max_swap", Type: Integer, Use: "all:cru", Effect: Live, Class: Partly, Min: new(int64(256)), Width: 8, Default: "max_physical_memory, at least 256",
			Doc:   "Most memory and swap together, MiB; at least 256, never below max_physical_memory.",
			Linux: "not every kernel has the controller for it",
		},
		{
			Name: "mdata_exec_timeout", Type: Integer, Use: "JLMU:c", Effect: CreateOnly, Class: Maps, Min: new(int64(0)), Default: "300",
			Doc:   "Seconds that the scripts of the metadata may take at each boot; 0 is no limit.",
			Linux: "those that zones of joyent brands run; other images run theirs by services of their own",
		},
		{
			Name: "nics", Type: ObjectArray, Use: "all:cr", Effect: NextBoot, Class: Maps,
			Doc: "Network interfaces.",
		},
		{
			Name: "nowait", Type: Boolean, Use: "JLMU:cr", Effect: CreateOnly, Class: Maps, Default: "false",
			Doc: "Lets create return when the machine has booted, without waiting for it to be provisioned.",
		},
		{
			Name: "owner_uuid", Type: String, Use: "all:cru", Effect: Live, Class: Data, Width: 36, Default: "00000000-0000-0000-0000-000000000000",
			Doc: "Whom the machine belongs to; any text.",
		},
		{
			Name: "package_name", Type: String, Use: "JKLMU:cru", Effect: Live, Class: Data, Width: 12,
			Doc: "Name of the package that was bought.",
		},
		{
			Name: "package_version", Type: String, Use: "JKLMU:cru", Effect: Live, Class: Data, Width: 12,
			Doc: "Version of the package that was bought.",
		},
		{
			Name: "quota", Type: Integer, Use: "all:cru", Effect: Live, Class: Maps, Min: new(int64(0)), Width: 5, Default: "10",
			Doc:   "Most space for the files of the machine, GiB; 0 is no limit.",
			Linux: "enforced by the pool",
		},
		{
			Name: "ram", Type: Integer, Use: "all:cru", Effect: Live, Class: Maps, Min: new(int64(0)), Width: 7, Default: "256",
			Doc: "Memory, MiB; for zones another name of max_physical_memory.",
		},
		{
			Name: "resolvers", Type: List, Use: "all:cru", Effect: Live, Class: Maps, Default: "[]",
			Doc: "Addresses of DNS servers for a new machine.",
		},
		{
			Name: "restart_init", Type: Boolean, Use: "JLMU:cru", Effect: NextBoot, Class: Maps, Hidden: "true", Default: "true",
			Doc: "Starts process 1 again when it ends.",
		},
		{
			Name: "routes", Type: FlatObject, Use: "all:cr", Effect: Live, Class: Maps, Default: "{}",
			Doc: "Static routes: destinations, and gateways or nics[N].",
		},
		{
			Name: "tags", Type: FlatObject, Use: "all:cr", Effect: Live, Class: Data, Default: "{}",
			Doc: "Names and values for the operator.",
		},
		{
			Name: "tmpfs", Type: Integer, Use: "JLMU:cru", Effect: Live, Class: Maps, Min: new(int64(0)), Width: 7, Default: "max_physical_memory",
			Doc:   "Size of /tmp in memory, MiB; 0 keeps /tmp on disk. It keeps its ratio when max_physical_memory changes, and is never above it.",
			Linux: "a change from or to 0 waits for the next boot",
		},
		{
			Name: "transition", Type: FlatObject, Use: "all:r", Effect: Never, Class: Data,
			Doc: "Unfinished work of the machine, as send wrote it.",
		},
		{
			Name: "uuid", Type: UUID, Use: "all:cr", Effect: Fixed, Class: Data, Width: 36, Default: "generated",
			Doc: "Name of the machine, in lower case.",
		},
		{
			Name: "v", Type: Integer, Use: "all:r", Effect: Fixed, Class: Data, Min: new(int64(0)), Default: "1",
			Doc: "Version of this format.",
		},
		{
			Name: "zfs_data_compression", Type: String, Use: "JLMU:cru", Effect: Live, Class: Partly, Pending: true, Default: "off",
			Doc:   "Compression of the delegated dataset.",
			Linux: "as the pool can",
		},
		{
			Name: "zfs_data_recsize", Type: Integer, Use: "JLMU:cru", Effect: Live, Class: Partly, Min: new(int64(0)), Pending: true, Default: "131072",
			Doc:   "Record size of the delegated dataset, bytes.",
			Linux: "only on ZFS; elsewhere kept with a warning",
		},
		{
			Name: "zfs_filesystem", Type: String, Use: "all:r", Effect: Fixed, Class: Data,
			Doc: "Dataset of the machine.",
		},
		{
			Name: "zfs_filesystem_limit", Type: Integer, Use: "all:cru", Effect: Live, Class: Partly, Min: new(int64(0)), Pending: true, Default: "none",
			Doc:   "Most file systems below the dataset of the machine.",
			Linux: "kept, not counted: no zfs runs in a machine that could make any",
		},
		{
			Name: "zfs_io_priority", Type: Integer, Use: "all:cru", Effect: Live, Class: Partly, Min: new(int64(0)), Width: 11, Header: "IO_PRIORITY", Default: "100",
			Doc:   "Share of disk bandwidth, relative to other machines.",
			Linux: "io.weight or blkio.weight, where the kernel has it",
		},
		{
			Name: "zfs_root_compression", Type: String, Use: "all:cru", Effect: Live, Class: Partly, Default: "off",
			Doc:   "Compression of the files of the machine.",
			Linux: "as the pool can",
		},
		{
			Name: "zfs_root_recsize", Type: Integer, Use: "all:cru", Effect: Live, Class: Partly, Min: new(int64(0)), Default: "131072",
			Doc:   "Record size of the files of the machine, bytes.",
			Linux: "only on ZFS; elsewhere kept with a warning",
		},
		{
			Name: "zfs_snapshot_limit", Type: Integer, Use: "all:cru", Effect: Live, Class: Partly, Min: new(int64(0)), Pending: true, Default: "none",
			Doc:   "Most snapshots of the dataset of the machine.",
			Linux: "kept, not counted: no zfs runs in a machine that could make any",
		},
		{
			Name: "zfs_storage_pool_name", Type: Pool, Use: "JKLMU:cr", Effect: Fixed, Class: Maps,
			Doc: "Old name of zpool.",
		},
		{
			Name: "zlog_max_size", Type: Integer, Use: "JLMU:cru", Effect: NextBoot, Class: Maps, Min: new(int64(0)), Max: new(int64(math.MaxInt64)), Pending: true, Default: "none",
			Doc:   "Size at which the log of a container is rotated, bytes.",
			Linux: "kept; not yet supported on this host",
		},
		{
			Name: "zonename", Type: String, Use: "all:cr", Effect: Fixed, Class: Data, Width: 36, Default: "uuid",
			Doc: "Name of the zone; leave it to the uuid.",
		},
		{
			Name: "zpool", Type: Pool, Use: "all:cr", Effect: Fixed, Class: Maps, Width: 12, Default: "zones",
			Doc: "Pool that the machine lies on.",
		},
	}
}
