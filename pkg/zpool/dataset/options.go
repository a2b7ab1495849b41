package dataset

// ListOptions chooses datasets.
type ListOptions struct {
	Roots     []string // names to start at; none: all pools
	Recursive bool
	Depth     int    // with Recursive: levels below the roots, 0 for all
	Types     []Type // none: filesystems and volumes
	Listed    bool   // without Types: snapshots too in pools with listsnapshots=on
	Props     []string
}

// CreateOptions are for a new filesystem or volume.
type CreateOptions struct {
	Parents bool              // make missing parents, and be content if it exists
	Volsize int64             // bytes; above 0 makes a volume
	Sparse  bool              // a volume without reservation
	NoMount bool              // leave a filesystem unmounted for now
	Props   map[string]string // native and user properties
}

// SnapshotOptions are for new snapshots.
type SnapshotOptions struct {
	Recursive bool
	Props     map[string]string // user properties
}

// DestroyOptions say what may go along.
type DestroyOptions struct {
	Recursive  bool // -r: children and snapshots
	Dependents bool // -R: clones too
	Defer      bool // -d: a snapshot that is held goes later
	Force      bool // -f: unmount by force
}

// RollbackOptions say what may be lost.
type RollbackOptions struct {
	Recursive  bool // -r: newer snapshots
	Dependents bool // -R: and their clones
	Force      bool // -f
}

// InheritOptions of zfs inherit.
type InheritOptions struct {
	Recursive bool // -r: of all datasets below too
	Received  bool // -S: back to what a stream brought, where it brought any
}

// RenameOptions of zfs rename.
type RenameOptions struct {
	Parents   bool // -p
	Recursive bool // -r: a snapshot of that name on all children
	Force     bool // -f
}
