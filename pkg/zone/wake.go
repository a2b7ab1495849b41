package zone

import (
	"context"
	"errors"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// wake mounts the dataset that holds the configurations, when it is not: after
// a boot of the host nobody may have asked for the pool yet. It reports whether
// there is anything new to see.
func (h *Host) wake() bool {
	var here, above unix.Stat_t
	if unix.Stat(h.root.Zones(), &here) == nil && unix.Stat(filepath.Dir(h.root.Zones()), &above) == nil && here.Dev != above.Dev {
		return false
	}
	err := h.pools.Mount(context.Background(), zpool.SystemPool+"/config")
	if err != nil && !errors.Is(err, zpool.ErrNotFound) && !errors.Is(err, zpool.ErrNoPool) {
		h.log.Warn("the system pool is not available", "err", err)
	}
	return err == nil
}
