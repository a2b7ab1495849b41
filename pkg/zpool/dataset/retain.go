package dataset

import (
	"context"
	"time"
)

// Retention is what keeps snapshots from going and tells what came between
// them.
type Retention interface {
	// Hold gives snapshots a tag: while they have one they can't be destroyed.
	Hold(ctx context.Context, snapshots []string, tag string, recursive bool) error
	// Release takes a tag away.
	Release(ctx context.Context, snapshots []string, tag string, recursive bool) error
	// Holds lists the tags of snapshots.
	Holds(ctx context.Context, snapshots []string, recursive bool) ([]Hold, error)
	// Bookmark remembers a snapshot, or another bookmark, under a name.
	Bookmark(ctx context.Context, source, name string) error
	// Diff tells what changed from a snapshot to a later one, or to now when
	// to names the dataset.
	Diff(ctx context.Context, from, to string) ([]Difference, error)
	// Owners sums what each user, or with groups each group, has in a dataset.
	Owners(ctx context.Context, name string, groups bool) ([]Owner, error)
}

// Hold is one tag of a snapshot.
type Hold struct {
	Snapshot, Tag string
	Given         time.Time
}

// The kinds of change.
const (
	Added    = '+'
	Removed  = '-'
	Modified = 'M'
	Renamed  = 'R'
)

// Difference is one path that differs between two states of a filesystem.
type Difference struct {
	Kind byte
	Type byte      // as zfs diff -F: / directory, F file, @ link, B C block and character device, | fifo, = socket
	Path string    // below the filesystem's root, without a leading slash
	To   string    // where it was renamed to
	Time time.Time // when the inode changed
}

// Owner is one user's or group's share of a dataset.
type Owner struct {
	ID    uint32
	Used  int64
	Files int64
}
