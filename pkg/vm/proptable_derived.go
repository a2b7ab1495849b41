package vm

// derivedRows are the properties that no payload sets.
func derivedRows() []Property {
	return []Property{
		{Name: "app_svc_dependent", Type: String, Effect: Derived, Class: Data, Doc: "Service that the machine waits for."},
		{Name: "boot_timestamp", Type: String, Effect: Derived, Class: Maps, Width: 24, Doc: "When the machine booted last, while it runs."},
		{Name: "datacenter_name", Type: String, Effect: Derived, Class: Data, Doc: "Data center, where one is set up."},
		{Name: "exit_status", Type: Integer, Effect: Derived, Class: Maps, Width: 4, Header: "EXIT", Doc: "How process 1 ended last; after a stop only."},
		{Name: "exit_timestamp", Type: String, Effect: Derived, Class: Maps, Width: 24, Doc: "When process 1 ended last; after a stop only."},
		{Name: "failed", Type: String, Effect: Derived, Class: Maps, Doc: "Why provisioning failed; the state is failed then."},
		{Name: "free_space", Type: Integer, Effect: Derived, Class: Foreign, Width: 10, Doc: "What is left of flexible_disk_size, MiB."},
		{Name: "headnode_id", Type: String, Effect: Derived, Class: Data, Doc: "Head node, where one is set up."},
		{Name: "hvm", Type: Boolean, Effect: Derived, Class: Data, Width: 5, Doc: "Whether it is a hardware virtual machine."},
		{Name: "init_restarts", Type: Integer, Effect: Derived, Class: Maps, Doc: "How often process 1 was started again since boot."},
		{Name: "last_modified", Type: String, Effect: Derived, Class: Maps, Width: 24, Doc: "When the configuration changed last."},
		{Name: "missing", Type: FlatObject, Effect: Derived, Class: Data, Doc: "Datasets and disks that should be there and are not."},
		{Name: "pid", Type: Integer, Effect: Derived, Class: Maps, Width: 6, Doc: "Process id of process 1 on the host, while it runs."},
		{Name: "platform_buildstamp", Type: String, Effect: Derived, Class: Maps, Doc: "Build of smartbox that the host runs."},
		{Name: "provisioning", Type: Boolean, Effect: Derived, Class: Maps, Doc: "Whether create has not ended yet."},
		{Name: "server_uuid", Type: UUID, Effect: Derived, Class: Maps, Width: 36, Doc: "The host, as sysinfo names it."},
		{Name: "snapshots", Type: ObjectArray, Effect: Derived, Class: Maps, Doc: "Snapshots made by create-snapshot, newest first."},
		{Name: "state", Type: String, Effect: Derived, Class: Maps, Width: 16, Doc: "Where the machine stands: running, stopped, provisioning, failed, ..."},
		{Name: "transition_expire", Type: String, Effect: Derived, Class: Data, Doc: "When unfinished work counts as failed."},
		{Name: "transition_to", Type: String, Effect: Derived, Class: Data, Doc: "State that unfinished work leads to."},
		{Name: "type", Type: String, Effect: Derived, Class: Data, Width: 4, Doc: "OS, LX, KVM or BHYV; in list and lookup only."},
		{Name: "vm_autoboot", Type: Boolean, Effect: Derived, Class: Data, Doc: "autoboot of a machine whose zone never boots by itself."},
		{Name: "zlog_mode", Type: String, Effect: Derived, Class: Partly, Doc: "How the output of a container is logged."},
		{Name: "zlog_name", Type: String, Effect: Derived, Class: Partly, Doc: "Where the output of a container is logged."},
		{Name: "zone_state", Type: String, Effect: Derived, Class: Maps, Width: 16, Doc: "State of the zone, as zoneadm list says."},
		{Name: "zonedid", Type: Integer, Effect: Derived, Class: Maps, Doc: "Debug id of the zone, given once."},
		{Name: "zoneid", Type: Integer, Effect: Derived, Class: Maps, Width: 6, Doc: "Id of the zone, while it runs; new with each boot."},
		{Name: "zonepath", Type: String, Effect: Derived, Class: Maps, Width: 43, Doc: "Where the files of the zone are."},
	}
}
