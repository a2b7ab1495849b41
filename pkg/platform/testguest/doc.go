// Package testguest runs Go tests as root in a virtual machine: Debian's stock
// kernel for clouds, an initramfs whose init is smartbox, QEMU with KVM where
// there is one and without it where not. It is for what this host's kernel lacks
// (802.1Q, bonding, control groups v2 alone, kprobes, OpenZFS) and for what
// would harm the host. Start to end takes some five seconds of CPU time.
//
// A guest test in five lines, in test/guest:
//
//	func TestVLAN(t *testing.T) {
//		testguest.Run(t, testguest.Options{Modules: []string{"8021q"}},
//			testguest.Package("./pkg/vnic", "^TestVLAN"))
//	}
//
// It compiles the tests of that package, boots, runs those that match and
// reports each as a subtest. Give several packages to one Run: a boot costs
// more than a test. Tests that are only for the guest begin with
// testenv.RequireGuest(t); those that need a feature skip without it as ever.
//
// A guest that dies without its last word is a failure with its console's last
// lines. What is missing on this machine (QEMU, a kernel package, root on the
// host is not needed) skips with the reason. The kernel comes from
// scripts/kernel.sh; SMARTBOX_TEST_KERNEL names another package or directory.
package testguest
