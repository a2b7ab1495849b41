package zone

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/pkg/zone/cgroup"
)

// RunState is what a zoneadmd writes about its zone, in
// <run>/zones/NAME/state.json. It counts only while the zoneadmd holds the
// flock on <run>/zones/NAME/lock and BootID is this boot's.
type RunState struct {
	BootID     string    `json:"boot_id"`
	ID         int       `json:"zoneid"` // new at each boot
	State      State     `json:"state"`  // ready, running, shutting_down, down
	Supervisor Process   `json:"zoneadmd"`
	Init       Process   `json:"init"` // zero before running
	UIDBase    uint32    `json:"uid_base"`
	Cgroups    []string  `json:"cgroups,omitempty"` // absolute directories
	Booted     time.Time `json:"booted"`
	Restarts   int       `json:"init_restarts"`

	// What a zoneadmd keeps for itself.
	Boot    BootOptions `json:"boot,omitzero"`         // of the last boot, for a reboot by init
	Waiting Process     `json:"waiting,omitzero"`      // init of a zone that is ready
	Crashes int         `json:"crashes,omitempty"`     // in a row
	Console int64       `json:"console_log,omitempty"` // where in the console's log its life began
}

// InitLives reports whether init has not ended yet. That it has, its zoneadmd may
// be about to see.
func (r *RunState) InitLives() bool {
	fd, err := host.OpenProcess(r.Init.Pid, r.Init.Start)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return !host.WaitGone(fd, 0)
}

// Asleep reports whether all processes of the zone wait for something.
func (r *RunState) Asleep() bool { return cgroup.At(r.Cgroups).Asleep() }

// Process is a process that a pid alone does not name.
type Process struct {
	Pid   int    `json:"pid"`
	Start uint64 `json:"start"` // field 22 of /proc/PID/stat, clock ticks
}

// Exit is how a zone's init last ended; kept in <run>/zones/NAME/exit.json and
// told by vmadm as exit_status and exit_timestamp.
type Exit struct {
	Status int       `json:"status"` // wait(2) status
	Time   time.Time `json:"time"`
	BootID string    `json:"boot_id,omitempty"` // of the host; another boot's end does not count
	// OOMKills is how many of its processes died for want of memory.
	OOMKills int `json:"oom_kills,omitempty"`
}
