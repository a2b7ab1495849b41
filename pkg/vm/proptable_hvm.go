package vm

// hvmRows are the properties of hardware virtual machines.
func hvmRows() []Property {
	return []Property{
		{
			Name: "add_disks", Type: ObjectArray, Use: "BK:u", Effect: NextBoot, Class: Maps,
			Doc: "Adds disks; elements as in disks.",
		},
		{
			Name: "add_pci_devices", Type: ObjectArray, Use: "B:cur", Effect: Never, Class: Foreign,
			Doc: "Adds PCI devices; elements as in pci_devices.",
		},
		{
			Name: "bhyve_extra_opts", Type: String, Use: "B:cru", Effect: Never, Class: Foreign,
			Doc:   "Further arguments for bhyve.",
			Linux: "there is no bhyve here; brand bhyve is refused",
		},
		{
			Name: "boot", Type: String, Use: "BK:cru", Effect: NextBoot, Class: Maps, Pending: true, Default: "order=cd",
			Doc: "Order in which devices are tried for booting.",
		},
		{
			Name: "bootrom", Type: String, Use: "B:cru", Effect: NextBoot, Class: Partly, Pending: true, Default: "bios",
			Doc: "Firmware: bios, uefi, or a path.",
		},
		{
			Name: "com1", Type: String, Use: "B:cru", Effect: Never, Class: Foreign,
			Doc:   "Where the first serial line leads.",
			Linux: "bhyve only; refused with its brand",
		},
		{
			Name: "com2", Type: String, Use: "B:cru", Effect: Never, Class: Foreign,
			Doc:   "Where the second serial line leads.",
			Linux: "bhyve only; refused with its brand",
		},
		{
			Name: "cpu_type", Type: String, Use: "K:cru", Effect: NextBoot, Class: Partly, Width: 8, Pending: true, Default: "qemu64",
			Doc: "Processor model that the guest sees: qemu64 or host.",
		},
		{
			Name: "disk_driver", Type: String, Use: "BK:cru", Effect: NextBoot, Class: Maps, Pending: true,
			Doc: "Model of disks that name none.",
		},
		{
			Name: "disks", Type: ObjectArray, Use: "BK:cr", Effect: NextBoot, Class: Maps, Pending: true,
			Doc: "Disks of a hardware virtual machine.",
		},
		{
			Name: "flexible_disk_size", Type: Integer, Use: "B:cru", Effect: Never, Class: Foreign, Min: new(int64(0)), Width: 18,
			Doc:   "Space for disks and their snapshots, MiB.",
			Linux: "bhyve only; refused with its brand",
		},
		{
			Name: "nic_driver", Type: String, Use: "BK:cru", Effect: NextBoot, Class: Maps, Pending: true,
			Doc: "Model of nics that name none.",
		},
		{
			Name: "pci_devices", Type: ObjectArray, Use: "B:cru", Effect: Never, Class: Foreign,
			Doc:   "PCI devices passed to the guest.",
			Linux: "bhyve only; refused with its brand",
		},
		{
			Name: "qemu_extra_opts", Type: String, Use: "K:cru", Effect: NextBoot, Class: Maps, Width: 15, Pending: true,
			Doc: "Further arguments for QEMU.",
		},
		{
			Name: "qemu_opts", Type: String, Use: "K:cru", Effect: NextBoot, Class: Partly, Pending: true,
			Doc: "Replaces the usual arguments of QEMU.",
		},
		{
			Name: "remove_disks", Type: List, Use: "BK:u", Effect: NextBoot, Class: Maps,
			Doc: "Removes the disks whose path is listed.",
		},
		{
			Name: "remove_pci_devices", Type: List, Use: "B:u", Effect: Never, Class: Foreign,
			Doc: "Removes the PCI devices whose path is listed.",
		},
		{
			Name: "spice_opts", Type: String, Use: "K:cru", Effect: NextBoot, Class: Partly, Pending: true,
			Doc: "Options of the SPICE server.",
		},
		{
			Name: "spice_password", Type: String, Use: "K:cru", Effect: NextBoot, Class: Partly, Pending: true,
			Doc: "Password of the SPICE server.",
		},
		{
			Name: "spice_port", Type: Integer, Use: "K:cru", Effect: NextBoot, Class: Partly, Min: new(int64(-1)), Pending: true,
			Doc: "Port of the SPICE server, -1 for none.",
		},
		{
			Name: "update_disks", Type: ObjectArray, Use: "BK:u", Effect: NextBoot, Class: Maps,
			Doc: "Changes members of disks, each named by its path.",
		},
		{
			Name: "update_pci_devices", Type: ObjectArray, Use: "B:u", Effect: Never, Class: Foreign,
			Doc: "Changes members of PCI devices, each named by its path.",
		},
		{
			Name: "vcpus", Type: Integer, Use: "BK:cru", Effect: NextBoot, Class: Maps, Min: new(int64(1)), Width: 5, Pending: true, Default: "1",
			Doc: "Processors that the guest sees.",
		},
		{
			Name: "vga", Type: String, Use: "K:cru", Effect: NextBoot, Class: Partly, Pending: true, Default: "std",
			Doc:   "Graphics card: cirrus, std, vmware, qxl or xenfb.",
			Linux: "qxl and xenfb are refused",
		},
		{
			Name: "virtio_txburst", Type: Integer, Use: "K:cru", Effect: Never, Class: Foreign, Min: new(int64(0)), Pending: true, Default: "128",
			Doc:   "Packets sent at once by the virtio nic.",
			Linux: "no counterpart; recorded with a warning",
		},
		{
			Name: "virtio_txtimer", Type: Integer, Use: "K:cru", Effect: Never, Class: Partly, Min: new(int64(0)), Pending: true, Default: "200000",
			Doc:   "Nanoseconds that the virtio nic waits for more packets.",
			Linux: "only where QEMU has a timer for it",
		},
		{
			Name: "vnc_password", Type: String, Use: "BK:cru", Effect: NextBoot, Class: Maps, MaxLen: 8, Pending: true,
			Doc: "Password of the VNC server, at most 8 characters.",
		},
		{
			Name: "vnc_port", Type: Integer, Use: "BK:cru", Effect: NextBoot, Class: Maps, Min: new(int64(-1)), Pending: true, Default: "0",
			Doc: "Port of the VNC server; 0 is any, -1 none.",
		},
		{
			Name: "zone_dataset_uuid", Type: UUID, Use: "BK:cr", Effect: Fixed, Class: Foreign,
			Doc:   "Image of the zone around the guest.",
			Linux: "the zone needs none here; recorded",
		},
	}
}
