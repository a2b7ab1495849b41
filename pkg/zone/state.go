package zone

// State is where a zone stands, in the words of zoneadm.
type State string

// The states, in the order a zone passes through them.
const (
	Configured   State = "configured"
	Incomplete   State = "incomplete"
	Installed    State = "installed"
	Ready        State = "ready"
	Mounted      State = "mounted"
	Running      State = "running"
	ShuttingDown State = "shutting_down"
	Down         State = "down"
)
