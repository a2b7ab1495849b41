package zpool

import "github.com/smartbox-os/smartbox/pkg/zpool/dataset"

// The vocabulary of package dataset, under the name that callers know.
type (
	Type            = dataset.Type
	Prop            = dataset.Prop
	Dataset         = dataset.Dataset
	ListOptions     = dataset.ListOptions
	CreateOptions   = dataset.CreateOptions
	SnapshotOptions = dataset.SnapshotOptions
	DestroyOptions  = dataset.DestroyOptions
	ReceiveOptions  = dataset.ReceiveOptions
	SendOptions     = dataset.SendOptions
	RollbackOptions = dataset.RollbackOptions
	RenameOptions   = dataset.RenameOptions
	InheritOptions  = dataset.InheritOptions
	Pool            = dataset.Pool
	Device          = dataset.Device
	PoolOptions     = dataset.PoolOptions
	Scan            = dataset.Scan
	Event           = dataset.Event
	ImportOptions   = dataset.ImportOptions
	Hold            = dataset.Hold
	Difference      = dataset.Difference
	Owner           = dataset.Owner
	Backend         = dataset.Backend
	Error           = dataset.Error
	BlockedError    = dataset.BlockedError
)

// The kinds of dataset.
const (
	Filesystem = dataset.Filesystem
	Volume     = dataset.Volume
	Snapshot   = dataset.Snapshot
	Bookmark   = dataset.Bookmark
)

// Conditions that callers test with errors.Is.
var (
	ErrNotFound    = dataset.ErrNotFound
	ErrNoPool      = dataset.ErrNoPool
	ErrNoParent    = dataset.ErrNoParent
	ErrExists      = dataset.ErrExists
	ErrPoolExists  = dataset.ErrPoolExists
	ErrBusy        = dataset.ErrBusy
	ErrChildren    = dataset.ErrChildren
	ErrClones      = dataset.ErrClones
	ErrNewer       = dataset.ErrNewer
	ErrNoSpace     = dataset.ErrNoSpace
	ErrBadName     = dataset.ErrBadName
	ErrProperty    = dataset.ErrProperty
	ErrUnsupported = dataset.ErrUnsupported
)
