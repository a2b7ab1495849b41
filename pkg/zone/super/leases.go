package super

import (
	"context"
	"sync"
	"time"

	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zone/keeper"
)

// leases are kept by a goroutine as long as a zoneadmd is awake.
type leases struct {
	next func() (time.Time, bool)
	end  context.CancelFunc
	done sync.WaitGroup
}

// keepLeases renews the leases of the zone's links, if it has any.
func (s *supervisor) keepLeases() {
	s.leases = nil
	nics, err := s.config.NICs()
	if err != nil || !dynamic(nics) || s.jail == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &leases{end: cancel, next: func() (time.Time, bool) { return s.links.NextRenewal(s.Zone, nics) }}
	netns := s.jail.Netns
	l.done.Go(func() {
		err := s.links.Keep(ctx, s.Zone, netns, nics, s.resolvers)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("keep leases", "error", err)
		}
	})
	s.leases = l
}

func dynamic(nics []vnic.NIC) bool {
	for _, n := range nics {
		if n.DHCP {
			return true
		}
	}
	return false
}

func (l *leases) stop() {
	if l != nil {
		l.end()
		l.done.Wait()
	}
}

// rest is how long there is nothing to do for them; not at all while one is
// being asked for.
func (l *leases) rest() (time.Duration, bool) {
	if l == nil {
		return keeper.Never, true
	}
	const worthwhile = 10 * time.Second
	next, ok := l.next()
	rest := time.Until(next)
	return rest, ok && rest > worthwhile
}
