package super

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/smartbox-os/smartbox/pkg/vnic"
)

// attach gives the zone its links before its init runs.
func (s *supervisor) attach(ctx context.Context, netns *os.File) error {
	nics, routes, err := s.wantedLinks()
	if err != nil || len(nics) == 0 {
		return err
	}
	got, err := s.links.Attach(ctx, s.Zone, netns, nics, routes)
	if err != nil {
		return err
	}
	s.resolvers(got.Resolvers)
	return nil
}

func (s *supervisor) wantedLinks() ([]vnic.NIC, []vnic.Route, error) {
	nics, err := s.config.NICs()
	if err != nil {
		return nil, nil, err
	}
	routes, err := s.zones.Routes(s.config)
	return nics, routes, err
}

func (s *supervisor) detach(ctx context.Context) error {
	if len(s.config.Net) == 0 {
		return nil
	}
	return s.links.Detach(ctx, s.Zone)
}

// refresh reads the configuration again and applies what can change live.
func (s *supervisor) refresh(ctx context.Context) error {
	c, err := s.zones.Load(s.Zone)
	if err != nil {
		return err
	}
	s.config = c
	errs := []error{s.limit(s.groups.Apply), s.resizeTmp()}
	if s.jail != nil && len(c.Net) > 0 {
		nics, routes, err := s.wantedLinks()
		if err == nil {
			s.leases.stop()
			err = s.links.Update(ctx, s.Zone, s.jail.Netns, nics, routes)
			s.keepLeases()
		}
		errs = append(errs, err)
	}
	if s.attr("maintain-resolvers") == "true" {
		errs = append(errs, s.writeResolvers(nil))
	}
	return errors.Join(errs...)
}

// resolvers takes name servers that DHCP told.
func (s *supervisor) resolvers(list []netip.Addr) {
	if len(list) == 0 || s.attr("resolvers") != "" {
		return
	}
	if err := s.writeResolvers(list); err != nil {
		s.log.Warn("write resolv.conf", "error", fmt.Errorf("zone %s: %w", s.Zone, err))
	}
}
