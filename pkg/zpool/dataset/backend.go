package dataset

import "context"

// Backend is one way to keep datasets: OpenZFS or btrfs. Names are whole
// dataset names; the backend of a name is that of its pool.
type Backend interface {
	List(ctx context.Context, o ListOptions) ([]Dataset, error)
	Create(ctx context.Context, name string, o CreateOptions) error
	Destroy(ctx context.Context, names []string, o DestroyOptions) error
	Set(ctx context.Context, name string, props map[string]string) error
	Inherit(ctx context.Context, name, prop string, o InheritOptions) error
	Snapshot(ctx context.Context, names []string, o SnapshotOptions) error
	Clone(ctx context.Context, snapshot, name string, o CreateOptions) error
	Rollback(ctx context.Context, snapshot string, o RollbackOptions) error
	Rename(ctx context.Context, from, to string, o RenameOptions) error
	Promote(ctx context.Context, name string) error
	Mount(ctx context.Context, name string) error
	Unmount(ctx context.Context, name string, force bool) error
}

// Planner tells what a change would do, and changes nothing.
type Planner interface {
	// Doomed names what Destroy would remove.
	Doomed(ctx context.Context, names []string, o DestroyOptions) ([]string, error)
	// Plan names what Create would make, with the properties that it would set.
	Plan(ctx context.Context, name string, o CreateOptions) ([]Dataset, error)
}
