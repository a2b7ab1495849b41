package super

import (
	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone/cgroup"
	"github.com/smartbox-os/smartbox/pkg/zone/jail"
)

// addDevices puts the devices that the configuration asks for into /dev.
func (s *supervisor) addDevices(spec *jail.Spec) error {
	nodes, err := s.config.DeviceNodes()
	for _, n := range nodes {
		spec.Nodes = append(spec.Nodes, jail.Node(n))
	}
	return err
}

// allowDevices lets the zone's control groups pass these devices and the usual
// ones only.
func (s *supervisor) allowDevices() error {
	nodes, err := s.config.DeviceNodes()
	if err != nil {
		return err
	}
	list := make([]cgroup.Device, len(nodes))
	for i, n := range nodes {
		list[i] = cgroup.Device{
			Block: n.Type == unix.S_IFBLK, Major: int64(unix.Major(n.Dev)), Minor: int64(unix.Minor(n.Dev)),
		}
	}
	held, err := s.groups.AllowDevices(list)
	if err == nil && !held {
		s.warn("control group controller devices")
	}
	return err
}
