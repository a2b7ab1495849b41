package dataset

import (
	"context"
	"os"
)

// SnapshotFiles shows what is in snapshots of filesystems.
type SnapshotFiles interface {
	// OpenSnapshot opens the root directory of a snapshot, to read.
	OpenSnapshot(ctx context.Context, name string) (*os.File, error)
}
