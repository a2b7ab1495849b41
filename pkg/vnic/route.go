package vnic

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// routeOrigin marks our routes in a zone ("proto 83"), so that an update
// leaves alone those that the zone made itself.
const routeOrigin = 83

// wantedRoutes are the configured ones and those by the gateways of the primary
// nic, or by what its DHCP server named when it has none.
func (z *zoneLinks) wantedRoutes() []Route {
	var all []Route
	for _, n := range z.NICs {
		if !n.Primary {
			continue
		}
		gateways := n.Gateways
		if n.Lease != nil && len(gateways) == 0 {
			gateways = n.Lease.Routers
		}
		for _, gw := range gateways {
			all = append(all, Route{Dest: everywhere(gw), Gateway: gw, Link: n.Name})
		}
	}
	return append(all, z.Routes...)
}

func everywhere(gw netip.Addr) netip.Prefix {
	if gw.Is4() {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
}

// syncRoutes makes our routes in this thread's network namespace those that
// are wanted.
func (z *zoneLinks) syncRoutes(rt *netlink.Handle) error {
	there, err := ourRoutes(rt)
	if err != nil {
		return err
	}
	return z.addRoutes(rt, there)
}

// addRoutes adds the routes that are wanted and not there, and removes those
// that are there and not wanted. While a nic hopes for its lease, routes whose
// gateway cannot be reached yet are left for later, and those of a nic that
// comes with the next boot for that.
func (z *zoneLinks) addRoutes(rt *netlink.Handle, there routeList) error {
	var errs []error
	for _, r := range z.wantedRoutes() {
		route, err := z.kernelRoute(rt, r)
		if err == nil && !there.take(route) {
			err = rt.RouteAppend(route)
		}
		_, notYet := errors.AsType[netlink.LinkNotFoundError](err)
		if err == nil || notYet || errors.Is(err, unix.EEXIST) || z.waits() && errors.Is(err, unix.ENETUNREACH) {
			continue
		}
		errs = append(errs, fmt.Errorf("add route %s: %w", r, err))
	}
	for _, r := range there {
		if err := rt.RouteDel(&r); err != nil && !errors.Is(err, unix.ESRCH) {
			errs = append(errs, fmt.Errorf("remove route %s: %w", r.Dst, err))
		}
	}
	return errors.Join(errs...)
}

// routeList is routes of the kernel that carry our mark.
type routeList []netlink.Route

func ourRoutes(rt *netlink.Handle) (routeList, error) {
	ours := &netlink.Route{Protocol: routeOrigin}
	return dump("list routes", func() ([]netlink.Route, error) {
		return rt.RouteListFiltered(netlink.FAMILY_ALL, ours, netlink.RT_FILTER_PROTOCOL)
	})
}

// take removes the route that goes where r goes from the list and reports
// whether it was there.
func (l *routeList) take(r *netlink.Route) bool {
	for i, old := range *l {
		sameLink := r.LinkIndex == 0 || old.LinkIndex == r.LinkIndex
		if sameLink && old.Gw.Equal(r.Gw) && sameDest(old, *r) {
			*l = append((*l)[:i:i], (*l)[i+1:]...)
			return true
		}
	}
	return false
}

func sameDest(a, b netlink.Route) bool {
	return a.Dst != nil && b.Dst != nil && a.Dst.String() == b.Dst.String()
}

// kernelRoute finds the link that a route goes out by: the one it names, else
// the one in whose network its gateway is.
func (z *zoneLinks) kernelRoute(rt *netlink.Handle, r Route) (*netlink.Route, error) {
	route := &netlink.Route{Dst: ipNet(r.Dest.Masked()), Protocol: routeOrigin}
	name := r.Link
	if r.Gateway.IsValid() {
		route.Gw = r.Gateway.AsSlice()
		near := z.near(r.Gateway)
		if name == "" {
			name = near
		}
		if near == "" && name != "" {
			route.SetFlag(netlink.FLAG_ONLINK)
		}
	} else {
		route.Scope = netlink.SCOPE_LINK
	}
	if name == "" {
		return route, nil
	}
	link, err := rt.LinkByName(name)
	if err != nil {
		return nil, fmt.Errorf("link %s: %w", name, err)
	}
	route.LinkIndex = link.Attrs().Index
	return route, nil
}

// near is the nic that has the gateway in one of its networks.
func (z *zoneLinks) near(gw netip.Addr) string {
	for i := range z.NICs {
		for _, p := range z.NICs[i].networks() {
			if p.Masked().Contains(gw) {
				return z.NICs[i].Name
			}
		}
	}
	return ""
}

func (r Route) String() string {
	s := r.Dest.String()
	if r.Gateway.IsValid() {
		s += " via " + r.Gateway.String()
	}
	if r.Link != "" {
		s += " by " + r.Link
	}
	return s
}
