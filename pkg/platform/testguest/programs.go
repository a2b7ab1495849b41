package testguest

import "github.com/smartbox-os/smartbox/pkg/platform"

// hostPrograms are this host's that every guest has, as far as they are here.
// What is not among them busybox gives.
var hostPrograms = []string{"bash", "ip", "bridge", "nft", "nsenter", "unshare", "losetup", "mkfs.btrfs", "btrfs", "dnsmasq", "ping", "xz", "zstd"}

// HostPrograms are programs of this host by name, those that it has.
func HostPrograms(names ...string) []platform.Program { return platform.HostPrograms(names...) }
