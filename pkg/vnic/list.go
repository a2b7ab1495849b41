package vnic

import (
	"cmp"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
)

// Link is a link as it is now; what is not known is zero.
type Link struct {
	Name       string
	Class      Class
	Zone       string // that has it; empty for the global zone's
	Over       string
	Device     string // the kernel's name
	State      string // up, down, unknown
	MTU        int
	MAC        net.HardwareAddr
	MACType    string // random, fixed
	VLAN       int
	Media      string // of physical links
	Speed      int    // Mb/s
	Duplex     string // full, half, unknown
	Persistent bool   // configured to come back after a boot of the host
	Stats      Stats
}

// Stats is what went through a link, as its user sees it.
type Stats struct {
	InPackets, InBytes, InErrors    uint64
	OutPackets, OutBytes, OutErrors uint64
}

// Since is what was added to earlier statistics; a link made anew began at
// zero.
func (s Stats) Since(before Stats) Stats {
	return Stats{
		added(s.InPackets, before.InPackets), added(s.InBytes, before.InBytes), added(s.InErrors, before.InErrors),
		added(s.OutPackets, before.OutPackets), added(s.OutBytes, before.OutBytes), added(s.OutErrors, before.OutErrors),
	}
}

func added(now, before uint64) uint64 {
	if now < before {
		return now
	}
	return now - before
}

// States of links.
const (
	StateUp      = "up"
	StateDown    = "down"
	StateUnknown = "unknown"
)

// Links lists the host's physical links, the configured links, and those of
// zones, in this order.
func (h *Host) Links() ([]Link, error) {
	rt, err := openRTNL()
	if err != nil {
		return nil, err
	}
	defer rt.Close()
	k, err := loadKernel(rt)
	if err != nil {
		return nil, err
	}
	t, err := h.loadTable()
	if err != nil {
		return nil, err
	}
	all := k.phys()
	for name, r := range t.all() {
		_, persistent := t.persistent.Links[name]
		link := k.configured(name, r)
		link.Persistent = persistent
		all = append(all, link)
	}
	zones, err := h.zoneLinksOf(k)
	if err != nil {
		return nil, err
	}
	all = append(all, zones...)
	slices.SortFunc(all, compareLinks)
	return all, nil
}

func (h *Host) zoneLinksOf(k kernel) ([]Link, error) {
	zones, err := h.zonesWithLinks()
	if err != nil {
		return nil, err
	}
	var all []Link
	for _, zone := range zones {
		z, err := h.loadZone(zone)
		if err != nil {
			return nil, err
		}
		if z == nil { // it ended just now
			continue
		}
		for _, n := range z.NICs {
			all = append(all, k.inZone(zone, n))
		}
	}
	return all, nil
}

var classOrder = []Class{ClassPhys, ClassAggr, ClassVLAN, ClassBridge, ClassEtherstub, ClassVNIC}

func compareLinks(a, b Link) int {
	return cmp.Or(
		cmp.Compare(slices.Index(classOrder, a.Class), slices.Index(classOrder, b.Class)),
		cmp.Compare(a.Zone, b.Zone),
		compareNames(a.Name, b.Name),
	)
}

// compareNames puts vnic2 before vnic10.
func compareNames(a, b string) int {
	wordA, numA := splitName(a)
	wordB, numB := splitName(b)
	return cmp.Or(cmp.Compare(wordA, wordB), cmp.Compare(len(numA), len(numB)), cmp.Compare(numA, numB))
}

func splitName(name string) (word, number string) {
	word = strings.TrimRight(name, "0123456789")
	return word, name[len(word):]
}

// kernel is all links of this network namespace by name.
type kernel map[string]netlink.Link

func loadKernel(rt *netlink.Handle) (kernel, error) {
	all, err := listLinks(rt)
	if err != nil {
		return nil, err
	}
	k := kernel{}
	for _, link := range all {
		k[link.Attrs().Name] = link
	}
	return k, nil
}

// kinds of kernel links that the host has without us and that are worth
// showing.
var kinds = map[string]Class{"device": ClassPhys, "bond": ClassAggr, "vlan": ClassVLAN, "bridge": ClassBridge}

func (k kernel) phys() []Link {
	var all []Link
	for name, link := range k {
		class, known := kinds[link.Type()]
		if !known || !isPhys(link) {
			continue
		}
		l := Link{Name: name, Class: class, Device: name, Media: "Ethernet", MACType: macFixed}
		l.fill(link, false)
		l.State = operState(link)
		l.Speed, l.Duplex = speedOf(name)
		if class == ClassVLAN {
			l.Over = k.nameOf(link.Attrs().ParentIndex)
		}
		all = append(all, l)
	}
	return all
}

func (k kernel) nameOf(index int) string {
	for name, link := range k {
		if link.Attrs().Index == index {
			return name
		}
	}
	return ""
}

func (k kernel) configured(name string, r record) Link {
	l := Link{
		Name: name, Class: r.Class, Over: r.Over, Device: r.Kernel, MACType: r.MACType, VLAN: r.VID,
		MTU: r.MTU, State: StateUnknown,
	}
	l.MAC, _ = ParseMAC(r.MAC)
	link, there := k[r.Kernel]
	if !there {
		return l
	}
	l.fill(link, false)
	if r.Class == ClassVNIC {
		l.State = operState(link)
	}
	return l
}

// inZone is a zone's nic, seen by the host's end: what comes in there is what
// the zone sent.
func (k kernel) inZone(zone string, n zoneNIC) Link {
	l := Link{
		Name: n.Name, Class: ClassVNIC, Zone: zone, Over: n.Over, Device: n.Kernel, MACType: macFixed,
		VLAN: n.VLAN, MTU: n.MTU, State: StateUnknown,
	}
	if link, there := k[n.Kernel]; there {
		l.fill(link, true)
		l.State = operState(link)
	}
	l.MAC = n.MAC
	return l
}

// fill takes over what the kernel knows; with reversed, from the other end.
func (l *Link) fill(link netlink.Link, reversed bool) {
	attrs := link.Attrs()
	l.MTU, l.MAC = attrs.MTU, attrs.HardwareAddr
	s := attrs.Statistics
	if s == nil {
		return
	}
	l.Stats = Stats{s.RxPackets, s.RxBytes, s.RxErrors, s.TxPackets, s.TxBytes, s.TxErrors}
	if reversed {
		l.Stats = Stats{s.TxPackets, s.TxBytes, s.TxErrors, s.RxPackets, s.RxBytes, s.RxErrors}
	}
}

func operState(link netlink.Link) string {
	switch link.Attrs().OperState {
	case netlink.OperUp:
		return StateUp
	case netlink.OperUnknown:
		return StateUnknown
	}
	return StateDown
}

// speedOf asks the driver, which knows only while the link is up.
func speedOf(name string) (speed int, duplex string) {
	dir := filepath.Join("/sys/class/net", name)
	if text, err := os.ReadFile(filepath.Join(dir, "speed")); err == nil {
		speed, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	duplex = StateUnknown
	if text, err := os.ReadFile(filepath.Join(dir, "duplex")); err == nil {
		duplex = strings.TrimSpace(string(text))
	}
	return max(speed, 0), duplex
}
