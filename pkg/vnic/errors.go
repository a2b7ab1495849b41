package vnic

import "errors"

// Conditions that callers test with errors.Is.
var (
	// ErrNotFound says that there is no link or tag of that name.
	ErrNotFound = errors.New("object not found")
	// ErrExists says that the name is taken.
	ErrExists = errors.New("object already exists")
	// ErrBusy says that something still uses the link or tag.
	ErrBusy = errors.New("object is in use")
	// ErrNoTag says that a nic lies over nothing that this host knows.
	ErrNoTag = errors.New("invalid nic tag")
)

// UnsupportedError says that this kernel lacks what was asked for. It is
// errors.ErrUnsupported.
type UnsupportedError struct {
	Feature string // what was asked for
	Needs   string // what the kernel lacks
}

func (e *UnsupportedError) Error() string {
	return e.Feature + " is not supported here: this kernel lacks " + e.Needs
}

// Is makes errors.Is(err, errors.ErrUnsupported) true.
func (e *UnsupportedError) Is(target error) bool { return target == errors.ErrUnsupported }
