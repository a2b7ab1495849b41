package vm

import (
	"maps"
	"slices"
)

// planNICs removes, changes and adds nics, in that order, and checks what is
// new.
func (h *Host) planNICs(next *plan, p Payload, b Brand) error {
	if !changesNICs(p) {
		return nil
	}
	nics := nicsOf(next.Before)
	for _, text := range p.list("remove_nics") {
		if mac, err := parseMAC(text); err == nil {
			nics = slices.DeleteFunc(nics, func(n nic) bool { return n.str("mac") == mac.String() })
		}
	}
	electPrimary(nics)
	if p.asksPrimary() {
		for _, n := range nics {
			delete(n, "primary")
		}
	}
	changed, err := updateNICs(nics, p.objects("update_nics"))
	if err != nil {
		return err
	}
	added, err := payloadNICs(p.objects("add_nics"))
	if err != nil {
		return err
	}
	nics = append(nics, added...)
	if err := settleNICs(nics, b); err != nil {
		return err
	}
	setNICs(next.After, nics)
	return h.checkNICs(append(changed, added...))
}

// updateNICs merges changes into the nics that they name, and returns those.
func updateNICs(nics []nic, changes []map[string]any) ([]nic, error) {
	var changed []nic
	for _, change := range changes {
		text, _ := change["mac"].(string)
		if text == "" {
			return nil, worded("NIC object needs a .mac property to update")
		}
		mac, err := parseMAC(text)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(nics, func(n nic) bool { return n.str("mac") == mac.String() })
		if i < 0 {
			return nil, worded("There is no existing NIC with that mac address: %s", mac)
		}
		if err := nics[i].merge(change); err != nil {
			return nil, err
		}
		changed = append(changed, nics[i])
	}
	return changed, nil
}

// merge changes members. Of the two ways of writing addresses, the one that is
// given decides.
func (n nic) merge(change map[string]any) error {
	_, ips := change["ips"]
	_, ip := change["ip"]
	_, mask := change["netmask"]
	_, gateways := change["gateways"]
	_, gateway := change["gateway"]
	switch {
	case ips:
		delete(n, "ip")
		delete(n, "netmask")
	case ip || mask:
		delete(n, "ips")
	}
	switch {
	case gateways:
		delete(n, "gateway")
	case gateway:
		delete(n, "gateways")
	}
	if primary, ok := change["primary"].(bool); ok && !primary {
		return worded("Cannot set nics.*.primary to false, set it on another NIC")
	}
	maps.Copy(n, change)
	if ip && !ips && change["ip"] == "dhcp" {
		delete(n, "netmask")
	}
	return n.settle()
}

// asksPrimary reports whether a changed or new nic is to be the primary one, so
// that the old one loses the rank.
func (p Payload) asksPrimary() bool {
	for _, object := range append(p.objects("update_nics"), p.objects("add_nics")...) {
		if object["primary"] == true {
			return true
		}
	}
	return false
}
