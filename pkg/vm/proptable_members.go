package vm

// memberRows are the members of nics, disks, filesystems and pci_devices.
func memberRows() []Property {
	return []Property{
		{
			Name: "disks.*.block_size", Type: Integer, Use: "BK:a", Effect: NextBoot, Class: Maps, Min: new(int64(0)), Pending: true, Default: "8192",
			Doc: "Block size of the volume, a power of two from 512 to 131072.",
		},
		{
			Name: "disks.*.boot", Type: Boolean, Use: "BK:au", Effect: NextBoot, Class: Maps, Pending: true, Default: "false",
			Doc: "Boots from this disk; only one disk may say so.",
		},
		{
			Name: "disks.*.compression", Type: String, Use: "BK:au", Effect: NextBoot, Class: Maps, Pending: true, Default: "off",
			Doc: "Compression of the volume.",
		},
		{
			Name: "disks.*.dangerous_allow_shrink", Type: Boolean, Use: "B:u", Effect: NextBoot, Class: Maps, Pending: true, Default: "false",
			Doc: "Permits a smaller size, which loses data.",
		},
		{
			Name: "disks.*.guest_block_size", Type: String, Use: "B:au", Effect: NextBoot, Class: Maps, Pending: true,
			Doc: "Logical and physical block size that the guest sees.",
		},
		{
			Name: "disks.*.image_name", Type: String, Use: "K:au", Effect: NextBoot, Class: Maps, Pending: true,
			Doc: "Name of the image, kept only.",
		},
		{
			Name: "disks.*.image_size", Type: Integer, Use: "BK:a", Effect: NextBoot, Class: Maps, Min: new(int64(0)), Pending: true,
			Doc: "Size of the image, MiB.",
		},
		{
			Name: "disks.*.image_uuid", Type: UUID, Use: "BK:a", Effect: NextBoot, Class: Maps, Pending: true,
			Doc: "Image that the disk is cloned from.",
		},
		{
			Name: "disks.*.media", Type: String, Use: "BK:au", Effect: NextBoot, Class: Maps, Pending: true, Default: "disk",
			Doc: "disk or cdrom.",
		},
		{
			Name: "disks.*.model", Type: String, Use: "BK:au", Effect: NextBoot, Class: Maps, Pending: true, Default: "disk_driver",
			Doc: "virtio, scsi or ide.",
		},
		{
			Name: "disks.*.nocreate", Type: Boolean, Use: "BK:a", Effect: NextBoot, Class: Maps, Pending: true, Default: "false",
			Doc: "Uses the path as it is instead of making a volume.",
		},
		{
			Name: "disks.*.notrim", Type: Boolean, Use: "B:au", Effect: NextBoot, Class: Maps, Pending: true, Default: "false",
			Doc: "Hides discard from the guest.",
		},
		{
			Name: "disks.*.path", Type: String, Use: "BK:au", Effect: NextBoot, Class: Maps, Pending: true,
			Doc: "Path of the device or file, and the name of the disk in updates.",
		},
		{
			Name: "disks.*.pci_slot", Type: String, Use: "B:au", Effect: NextBoot, Class: Maps, Pending: true,
			Doc: "Where the disk sits on the PCI bus.",
		},
		{
			Name: "disks.*.refreservation", Type: Integer, Use: "BK:au", Effect: NextBoot, Class: Maps, Min: new(int64(0)), Pending: true, Default: "size",
			Doc: "Space reserved for the volume, MiB.",
		},
		{
			Name: "disks.*.size", Type: Integer, Use: "B:au K:a", Effect: NextBoot, Class: Maps, Min: new(int64(0)), Pending: true,
			Doc: "Size, MiB.",
		},
		{
			Name: "disks.*.uuid", Type: UUID, Use: "B:au", Effect: NextBoot, Class: Maps, Pending: true, Default: "generated",
			Doc: "Name of the disk across migrations.",
		},
		{
			Name: "disks.*.zfs_filesystem", Type: String, Use: "BK:r", Effect: NextBoot, Class: Maps, Pending: true,
			Doc: "Volume of the disk, as send wrote it.",
		},
		{
			Name: "disks.*.zpool", Type: String, Use: "BK:a", Effect: NextBoot, Class: Maps, Pending: true, Default: "that of the machine",
			Doc: "Pool of the volume.",
		},
		{
			Name: "filesystems.*.options", Type: List, Use: "JLMU:au", Effect: NextBoot, Class: Maps,
			Doc: "Mount options: ro, nodevices ...",
		},
		{
			Name: "filesystems.*.raw", Type: String, Use: "JLMU:au", Effect: NextBoot, Class: Maps,
			Doc: "Raw device of the file system.",
		},
		{
			Name: "filesystems.*.source", Type: String, Use: "JLMU:au", Effect: NextBoot, Class: Maps,
			Doc: "What is mounted: a directory of the host for lofs.",
		},
		{
			Name: "filesystems.*.target", Type: String, Use: "JLMU:au", Effect: NextBoot, Class: Maps,
			Doc: "Where it is mounted in the machine, and its name in updates.",
		},
		{
			Name: "filesystems.*.type", Type: String, Use: "JLMU:au", Effect: NextBoot, Class: Maps,
			Doc: "Type of the file system: lofs, tmpfs ...",
		},
		{
			Name: "nics.*.allow_dhcp_spoofing", Type: Boolean, Use: "all:au", Effect: Live, Class: Maps, Default: "false",
			Doc: "Lets the machine answer DHCP; implies allow_ip_spoofing.",
		},
		{
			Name: "nics.*.allow_ip_spoofing", Type: Boolean, Use: "all:au", Effect: Live, Class: Maps, Default: "false",
			Doc: "Lets the machine send from any address.",
		},
		{
			Name: "nics.*.allow_mac_spoofing", Type: Boolean, Use: "all:au", Effect: Live, Class: Maps, Default: "false",
			Doc: "Lets the machine send from any MAC address.",
		},
		{
			Name: "nics.*.allow_restricted_traffic", Type: Boolean, Use: "all:au", Effect: Live, Class: Maps, Default: "false",
			Doc: "Lets the machine send frames that are neither IP nor ARP.",
		},
		{
			Name: "nics.*.allow_unfiltered_promisc", Type: Boolean, Use: "BK:au", Effect: NextBoot, Class: Maps, Default: "false",
			Doc: "Lets the guest see all frames of the VLAN.",
		},
		{
			Name: "nics.*.allowed_dhcp_cids", Type: List, Use: "JKLMU:au", Effect: Live, Class: Maps,
			Doc: "Client identifiers that may ask for an address.",
		},
		{
			Name: "nics.*.allowed_ips", Type: List, Use: "all:au", Effect: Live, Class: Maps,
			Doc: "Further addresses, or networks, that the machine may send from; at most 13.",
		},
		{
			Name: "nics.*.blocked_outgoing_ports", Type: List, Use: "all:au", Effect: Live, Class: Maps,
			Doc: "Ports that the machine may not send to.",
		},
		{
			Name: "nics.*.dhcp_server", Type: Boolean, Use: "all:au", Effect: Live, Class: Maps, Default: "false",
			Doc: "Old name of allow_dhcp_spoofing with allow_ip_spoofing.",
		},
		{
			Name: "nics.*.gateway", Type: String, Use: "all:au", Effect: NextBoot, Class: Maps,
			Doc: "Default router.",
		},
		{
			Name: "nics.*.gateways", Type: List, Use: "all:au", Effect: NextBoot, Class: Maps,
			Doc: "Default routers.",
		},
		{
			Name: "nics.*.interface", Type: String, Use: "all:au", Effect: NextBoot, Class: Maps, Default: "the lowest free netN, ethN for lx",
			Doc: "Name inside the machine.",
		},
		{
			Name: "nics.*.ip", Type: String, Use: "all:au", Effect: NextBoot, Class: Maps,
			Doc: "IPv4 address, or dhcp.",
		},
		{
			Name: "nics.*.ips", Type: List, Use: "all:au", Effect: NextBoot, Class: Maps,
			Doc: "Addresses with prefix length, dhcp or addrconf; at most 20.",
		},
		{
			Name: "nics.*.mac", Type: String, Use: "all:au", Effect: NextBoot, Class: Maps, Default: "generated",
			Doc: "MAC address, and the name of the nic in updates.",
		},
		{
			Name: "nics.*.model", Type: String, Use: "BK:au", Effect: NextBoot, Class: Maps, Default: "nic_driver",
			Doc: "Hardware that the guest sees.",
		},
		{
			Name: "nics.*.mtu", Type: Integer, Use: "all:au", Effect: NextBoot, Class: Maps, Min: new(int64(576)), Max: new(int64(9000)), Default: "that of the nic tag",
			Doc: "Largest packet.",
		},
		{
			Name: "nics.*.netmask", Type: String, Use: "all:au", Effect: NextBoot, Class: Maps,
			Doc: "Netmask of ip.",
		},
		{
			Name: "nics.*.network_uuid", Type: UUID, Use: "all:au", Effect: Live, Class: Data,
			Doc: "Network that the nic belongs to, kept only.",
		},
		{
			Name: "nics.*.nic_tag", Type: String, Use: "all:au", Effect: NextBoot, Class: Maps,
			Doc:   "What the nic lies over: a nic tag, etherstub or link.",
			Linux: "the host end of a veth pair on its bridge",
		},
		{
			Name: "nics.*.primary", Type: Boolean, Use: "all:au", Effect: NextBoot, Class: Maps, Default: "of the first nic",
			Doc: "Its gateway is the default route and its address the name of the machine; can only be set.",
		},
		{
			Name: "nics.*.vlan_id", Type: Integer, Use: "all:au", Effect: NextBoot, Class: Maps, Min: new(int64(0)), Max: new(int64(4095)), Default: "0",
			Doc: "VLAN, 0 for none.",
		},
		{
			Name: "nics.*.vrrp_primary_ip", Type: String, Use: "all:au", Effect: NextBoot, Class: Partly,
			Doc:   "Address that a VRRP router speaks from.",
			Linux: "an address only; the router is the work of the machine",
		},
		{
			Name: "nics.*.vrrp_vrid", Type: Integer, Use: "all:au", Effect: NextBoot, Class: Partly, Min: new(int64(0)), Max: new(int64(255)),
			Doc: "Identifier of a VRRP router; gives the MAC address.",
		},
		{
			Name: "pci_devices.*.path", Type: String, Use: "B:au", Effect: Never, Class: Foreign,
			Doc:   "Path of the device.",
			Linux: "bhyve only; refused with its brand",
		},
		{
			Name: "pci_devices.*.pci_slot", Type: String, Use: "B:au", Effect: Never, Class: Foreign,
			Doc:   "Where it sits on the PCI bus of the guest.",
			Linux: "bhyve only; refused with its brand",
		},
	}
}
