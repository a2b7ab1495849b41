// Package zone is the zone itself: its configuration, its states and the
// namespaces, cgroups, console and supervisor of a running one. It knows
// nothing of vmadm's payloads, images or command lines.
package zone

// Config is what zonecfg edits: plain data, the same on every machine, stored
// as one JSON file per zone below paths.Root.Zones. vmadm keeps what zonecfg
// has no word for in Attrs and in Net.Props, as the original does, so there is
// one truth and both tools see it.
type Config struct {
	Name      string `json:"zonename"`
	Path      string `json:"zonepath"`       // as users see it, below the root: /zones/NAME
	Brand     string `json:"brand"`          // joyent, joyent-minimal, lx, kvm, bhyve
	UUID      string `json:"uuid,omitempty"` // empty before install
	DID       int    `json:"did,omitempty"`  // debug id, given once
	Autoboot  bool   `json:"autoboot"`
	Bootargs  string `json:"bootargs,omitempty"`
	Pool      string `json:"pool,omitempty"`
	LimitPriv string `json:"limitpriv,omitempty"`
	SchedCls  string `json:"scheduling-class,omitempty"`
	IPType    string `json:"ip-type"` // exclusive or shared
	HostID    string `json:"hostid,omitempty"`
	FSAllowed string `json:"fs-allowed,omitempty"`

	FS       []FS     `json:"fs,omitempty"`
	Net      []Net    `json:"net,omitempty"`
	Devices  []Device `json:"device,omitempty"`
	Rctls    []Rctl   `json:"rctl,omitempty"` // all limits: zone.cpu-cap, zone.max-physical-memory ...
	Attrs    []Attr   `json:"attr,omitempty"`
	Datasets []string `json:"dataset,omitempty"` // delegated
	CPU      *CPUSet  `json:"dedicated-cpu,omitempty"`
	Security *Flags   `json:"security-flags,omitempty"`
	Admins   []Admin  `json:"admin,omitempty"`

	// State is the persistent half of the zone's state: configured,
	// incomplete or installed. Whether it runs is the kernel's to say.
	State State `json:"state"`

	// Dataset holds the files of an installed zone; empty for plain directories.
	Dataset string `json:"zonepath-dataset,omitempty"`

	// Transition is what an operation that takes several steps is about to do.
	// One that nobody works on any more was killed; see recover.
	Transition *Transition `json:"transition,omitempty"`
}

// FS is a file system mounted into the zone.
type FS struct {
	Dir     string   `json:"dir"`
	Special string   `json:"special"`
	Raw     string   `json:"raw,omitempty"`
	Type    string   `json:"type"`
	Options []string `json:"options,omitempty"`
}

// Net is a network interface. Addresses, gateways and the other vmadm members
// of a nic are Props (ip, ips, netmask, gateway, gateways, nic_tag, primary,
// mtu ...), named as vmadm names them; lists are comma separated.
type Net struct {
	Physical       string            `json:"physical"` // the zone's name for it: net0, eth0
	Address        string            `json:"address,omitempty"`
	AllowedAddress string            `json:"allowed-address,omitempty"`
	DefRouter      string            `json:"defrouter,omitempty"`
	GlobalNIC      string            `json:"global-nic,omitempty"` // nic tag or link it lies over
	MAC            string            `json:"mac-addr,omitempty"`
	VLAN           int               `json:"vlan-id,omitempty"`
	Props          map[string]string `json:"property,omitempty"`
}

// Device is a device node that the zone may see; Match is an fnmatch pattern.
type Device struct {
	Match string            `json:"match"`
	Props map[string]string `json:"property,omitempty"`
}

// Rctl is a resource control, named as illumos names it (resource_controls(7)):
// zone.cpu-shares, zone.cpu-cap (percent), zone.max-lwps, zone.max-processes,
// zone.max-physical-memory, zone.max-swap, zone.max-locked-memory (bytes),
// zone.max-shm-memory, zone.max-{shm,msg,sem}-ids, zone.zfs-io-priority.
type Rctl struct {
	Name   string      `json:"name"`
	Values []RctlValue `json:"value"`
}

// RctlValue is one (priv=,limit=,action=).
type RctlValue struct {
	Priv   string `json:"priv"`
	Limit  string `json:"limit"`
	Action string `json:"action"`
}

// Attr is a named value of any use.
type Attr struct {
	Name  string `json:"name"`
	Type  string `json:"type"` // string, int, uint, boolean
	Value string `json:"value"`
}

// CPUSet asks for processors of its own.
type CPUSet struct {
	NCPUs      string `json:"ncpus"` // n or a-b
	Importance string `json:"importance,omitempty"`
}

// Flags are the security-flags resource.
type Flags struct {
	Default string `json:"default,omitempty"`
	Lower   string `json:"lower,omitempty"`
	Upper   string `json:"upper,omitempty"`
}

// Admin is a user that may administer the zone.
type Admin struct {
	User  string `json:"user"`
	Auths string `json:"auths,omitempty"`
}
