package zone

import (
	"errors"
)

// Status is where a zone stands now.
type Status struct {
	Name    string
	State   State
	Config  *Config
	Run     *RunState // nil unless ready, running, shutting_down or down
	LastEnd *Exit     // nil when its init never ended in this boot of the host
}

// Status verifies a zone's state against the kernel; ErrNotFound.
func (h *Host) Status(name string) (Status, error) { return Status{}, errors.ErrUnsupported }

// List is the status of all zones, those in the kernel first by id, the others
// by name. Zones whose configuration cannot be read are reported in the error,
// beside the rest.
func (h *Host) List() ([]Status, error) { return nil, errors.ErrUnsupported }
