package platform

import "fmt"

// Profiles name what an image is for.
const (
	ProfileVM       = "vm"       // virtual machines: virtio, and what clouds have
	ProfileHardware = "hardware" // real machines too
)

// system are the modules of every image: what zones, pools and links need. A
// name ending in "?" may be missing.
var system = []string{
	"btrfs", "loop?", "overlay?", "squashfs?", "isofs?", "vfat?", "nls_cp437?", "nls_ascii?", "nls_iso8859-1?", "efivarfs?", "fuse?",
	"virtio_pci", "virtio_mmio?", "virtio_blk", "virtio_scsi?", "virtio_net", "virtio_console", "virtio_rng?", "virtio_balloon?",
	"bridge", "br_netfilter?", "veth", "8021q", "bonding", "macvlan", "macvtap?", "dummy?", "vxlan?", "tun", "ifb?",
	"nf_tables", "nft_ct?", "nft_limit?", "nft_log?", "nft_reject?", "nft_reject_inet?", "nft_reject_bridge?", "nft_reject_netdev?",
	"nft_meta_bridge?", "nft_nat?", "nft_masq?", "nft_chain_nat?", "nft_fwd_netdev?", "nft_dup_netdev?", "nf_conntrack?", "nf_conntrack_bridge?",
	"sch_htb?", "sch_fq_codel?", "sch_ingress?", "cls_u32?", "cls_bpf?", "act_police?", "act_mirred?",
	"nvme?", "nvme_core?", "sd_mod?", "sr_mod?", "scsi_mod?", "ata_piix?", "ahci?", "dm_mod?", "dm_crypt?",
	"kvm?", "kvm_intel?", "kvm_amd?", "vhost_net?", "vhost_vsock?", "af_packet?", "inet_diag?", "tcp_diag?", "i6300esb?", "ptp_kvm?",
	"hv_netvsc?", "hv_storvsc?", "ena?", "gve?", "xen_netfront?", "xen_blkfront?", "vmxnet3?", "vmw_pvscsi?",
}

// hardware are the drivers of machines that one can touch.
var hardware = []string{
	"e1000?", "e1000e?", "igb?", "igc?", "ixgbe?", "ixgbevf?", "i40e?", "iavf?", "ice?", "r8169?", "tg3?", "bnxt_en?", "bnx2?", "bnx2x?",
	"mlx4_en?", "mlx5_core?", "sfc?", "be2net?", "qede?", "atlantic?", "8139cp?", "8139too?", "pcnet32?", "forcedeth?", "alx?", "realtek?",
	"xhci_pci?", "ehci_pci?", "uhci_hcd?", "ohci_pci?", "usb_storage?", "uas?", "usbhid?", "hid_generic?", "atkbd?", "i8042?", "usbnet?", "cdc_ether?", "ax88179_178a?",
	"megaraid_sas?", "mpt3sas?", "smartpqi?", "hpsa?", "aacraid?", "isci?", "sata_nv?", "sata_sil24?", "mmc_block?", "sdhci_pci?", "raid0?", "raid1?",
	"ast?", "mgag200?", "simpledrm?", "i2c_i801?", "ipmi_si?", "ipmi_devintf?", "coretemp?", "k10temp?", "iTCO_wdt?", "sp5100_tco?", "mac_hid?", "9p?", "9pnet_virtio?",
}

// Modules is what a profile loads or may need.
func Modules(profile string) ([]string, error) {
	switch profile {
	case ProfileVM:
		return system, nil
	case ProfileHardware:
		return append(append([]string{}, system...), hardware...), nil
	}
	return nil, fmt.Errorf("there is no profile %q: %s or %s", profile, ProfileVM, ProfileHardware)
}
