package zone

import "context"

// Transition is the journal of an install, clone, uninstall or move.
type Transition struct {
	Op       string `json:"op"`
	Dataset  string `json:"dataset,omitempty"`  // that is made, destroyed or moved
	Snapshot string `json:"snapshot,omitempty"` // that was taken to clone from
	To       string `json:"to,omitempty"`       // move: the new zonepath
}

// recover finishes or undoes what a killed operation left half-done. The caller
// holds the zone.
func (h *Host) recover(ctx context.Context, name string) error { return nil }
