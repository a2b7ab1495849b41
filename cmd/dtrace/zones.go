package dtrace

import (
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/cli"
	lib "github.com/smartbox-os/smartbox/pkg/dtrace"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/cgroup"
)

// hostZones are the zones of a root, as the tracer wants to know them.
type hostZones struct {
	host *zone.Host
	dir  string // of the control groups of all zones; "" when there is no v2 tree
}

func newZones(env *cli.Env) lib.ZoneSource {
	z := hostZones{host: zone.New(env.Root, env.Log)}
	plan, err := cgroup.Plan(env.Root.KernelName("smartbox"), "any")
	if err != nil || plan.Unified() == "" {
		return nil
	}
	z.dir = filepath.Dir(plan.Unified())
	return z
}

// Zones lists those that run. One whose state cannot be read does not hide the
// others.
func (z hostZones) Zones() ([]lib.Zone, error) {
	list, err := z.host.List()
	var all []lib.Zone
	for _, s := range list {
		if s.Run == nil {
			continue
		}
		i := slices.IndexFunc(s.Run.Cgroups, func(dir string) bool { return filepath.Dir(dir) == z.dir })
		if i < 0 {
			continue
		}
		var st unix.Stat_t
		if unix.Stat(s.Run.Cgroups[i], &st) == nil { // it boots, or is gone already
			all = append(all, lib.Zone{Name: s.Name, ID: int32(s.Run.ID), Group: st.Ino})
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	return nil, err
}

// Directories are that of all zones and where it appears with the first.
func (z hostZones) Directories() []string { return []string{z.dir, filepath.Dir(z.dir)} }
