package vnic

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
)

// releaseSwitch removes a switch, or the tagged link below one or below
// macvlans, that no zone but one that is leaving and no vnic needs any more.
// The table is locked.
func (h *Host) releaseSwitch(rt *netlink.Handle, name, leavingZone, leavingLink string) error {
	needed, err := h.needsSwitch(name, leavingZone, leavingLink)
	if needed || err != nil {
		return err
	}
	if strings.HasPrefix(name, "sb"+classVLAN) {
		return removeLink(rt, name)
	}
	return h.removeBridge(rt, name)
}

// needsSwitch asks the notes of zones and the table. Macvlans below zones
// cannot be seen from here, so the kernel is no help.
func (h *Host) needsSwitch(name, leavingZone, leavingLink string) (bool, error) {
	zones, err := h.zonesWithLinks()
	if err != nil {
		return false, err
	}
	for _, zone := range zones {
		z, err := h.loadZone(zone)
		if err != nil {
			return false, err
		}
		if z != nil && zone != leavingZone && z.uses(name) {
			return true, nil
		}
	}
	t, err := h.loadTable()
	if err != nil {
		return false, err
	}
	for link, r := range t.all() {
		if link != leavingLink && slices.Contains(r.Switches, name) {
			return true, nil
		}
	}
	return false, nil
}

// zonesWithLinks are the zones that have a note.
func (h *Host) zonesWithLinks() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(h.root.Run(), "links"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list zones with links: %w", err)
	}
	var zones []string
	for _, e := range entries {
		if zone, ok := strings.CutSuffix(e.Name(), ".json"); ok && zone != "" && zone[0] != '.' {
			zones = append(zones, zone)
		}
	}
	return zones, nil
}

// removeBridge removes a bridge of ours and its guard.
func (h *Host) removeBridge(rt *netlink.Handle, name string) error {
	return errors.Join(removeLink(rt, name), h.unguardBridge(name))
}
