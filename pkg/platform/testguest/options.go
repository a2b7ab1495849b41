package testguest

import (
	"time"

	"github.com/smartbox-os/smartbox/pkg/platform"
)

// Options is what the guest has. The zero value is a small one.
type Options struct {
	Modules  []string           // beyond those that devices need; see base
	Extra    []string           // files of modules that did not come with the kernel
	Programs []platform.Program // of a distribution, with their libraries; beyond hostPrograms
	Files    []platform.File
	Links    map[string]string

	Kernel  string        // package or directory; the newest kept cloud kernel when empty
	Memory  int           // MiB, 512
	CPUs    int           // 2
	Scratch int64         // size of a disk with btrfs for /tmp, which is in memory without
	Disks   []int64       // sizes of empty disks: /dev/vda, /dev/vdb, ...
	NICs    int           // with user-mode networking: no route to the outside
	Hybrid  bool          // control groups v1 with v2 beside them; else v2 alone
	Append  string        // to the kernel's command line
	Timeout time.Duration // 5 minutes
}

// base are the modules of every guest; a name ending in "?" may be missing.
var base = []string{
	"virtio_pci", "virtio_console", "virtio_blk", "virtio_net", "virtio_rng?",
	"loop?", "overlay?", "btrfs", "tun?",
	"bridge", "veth", "dummy", "macvlan", "8021q", "bonding", "vxlan?", "ipvlan?", "nf_tables", "nft_ct?", "nft_limit?", "nft_reject?", "nft_reject_inet?", "nft_reject_bridge?",
	"nft_meta_bridge?", "nf_conntrack?", "nf_conntrack_bridge?", "br_netfilter?",
}

func (o *Options) defaults() {
	if o.Memory == 0 {
		o.Memory = 512
	}
	if o.CPUs == 0 {
		o.CPUs = 2
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Minute
	}
}
