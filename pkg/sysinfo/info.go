// Package sysinfo tells what this host is, in the words of SmartOS's sysinfo:
// hardware, memory, pool, disks, links. It only reads; the one thing it may
// write is a UUID for a host that has none of its own.
package sysinfo

// Info is what sysinfo prints. The order of the members is that of the output.
type Info struct {
	LiveImage    string `json:"Live Image"` // when this binary was built
	SystemType   string `json:"System Type"`
	BootTime     string `json:"Boot Time"` // seconds since 1970
	Datacenter   string `json:"Datacenter Name"`
	SDCVersion   string `json:"SDC Version"`
	Manufacturer string `json:"Manufacturer"`
	Product      string `json:"Product"`
	Serial       string `json:"Serial Number"`
	SKU          string `json:"SKU Number"`
	HWVersion    string `json:"HW Version"`
	HWFamily     string `json:"HW Family"`
	Setup        string `json:"Setup"` // whether there is a system pool
	VMCapable    bool   `json:"VM Capable"`
	CPUType      string `json:"CPU Type"`
	CPUVirt      string `json:"CPU Virtualization"` // vmx, svm, none
	CPUPhysical  int    `json:"CPU Physical Cores"`
	UUID         string `json:"UUID"`
	Hostname     string `json:"Hostname"`
	CPUTotal     int    `json:"CPU Total Cores"`
	Memory       string `json:"MiB of Memory"`

	Zpool         string `json:"Zpool,omitempty"`
	ZpoolDisks    string `json:"Zpool Disks,omitempty"`
	ZpoolProfile  string `json:"Zpool Profile,omitempty"`
	ZpoolCreation int64  `json:"Zpool Creation,omitempty"`
	ZpoolSize     int64  `json:"Zpool Size in GiB,omitempty"`

	Disks          map[string]Disk   `json:"Disks"`
	BootParameters map[string]string `json:"Boot Parameters"`
	NICs           map[string]NIC    `json:"Network Interfaces"`
	VNICs          map[string]VNIC   `json:"Virtual Network Interfaces"`
	Aggregations   map[string]Aggr   `json:"Link Aggregations"`
}

// Disk is a whole disk of the host.
type Disk struct {
	Size int64 `json:"Size in GB"`
}

// NIC is a physical link.
type NIC struct {
	MAC    string   `json:"MAC Address"`
	IPv4   string   `json:"ip4addr"`
	Status string   `json:"Link Status"`
	Tags   []string `json:"NIC Names"`
}

// VNIC is a virtual link of the global zone.
type VNIC struct {
	MAC    string `json:"MAC Address"`
	IPv4   string `json:"ip4addr"`
	Status string `json:"Link Status"`
	Over   string `json:"Host Interface,omitempty"`
	VLAN   string `json:"VLAN"`
}

// Aggr is a link made of several.
type Aggr struct {
	LACP       string   `json:"LACP mode"`
	Interfaces []string `json:"Interfaces"`
}
