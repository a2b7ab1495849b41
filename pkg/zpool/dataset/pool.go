package dataset

import (
	"context"
	"time"
)

// Health of a pool or device.
const (
	Online   = "ONLINE"
	Degraded = "DEGRADED"
	Unavail  = "UNAVAIL"
)

// Pool is one pool as it was when it was read.
type Pool struct {
	Name    string
	Health  string
	GUID    string
	Size    int64 // bytes on all devices
	Alloc   int64
	Props   map[string]Prop // every property that zpool get knows
	Layout  Layout
	Devices []Device
	Reason  string // why it is not as it should be, empty when all is well
	Action  string // what to do about that
	Scan    *Scan  // the last scrub, nil when there was none
}

// Device is one device of a pool.
type Device struct {
	ID                    uint64
	Path                  string // as given at creation
	Health                string
	Read, Write, Checksum uint64 // errors counted
	Size, Alloc           int64
	IO                    IO
}

// IO counts what a device did since it is there.
type IO struct{ Reads, Writes, ReadBytes, WriteBytes uint64 }

// The states of a scrub.
const (
	Scanning = "scanning"
	Finished = "finished"
	Canceled = "canceled"
	Paused   = "paused"
)

// Scan is a scrub: one that is going on, or the last.
type Scan struct {
	State          string
	Started, Ended time.Time
	Done, Total    int64 // bytes
	Repaired       int64 // bytes
	Errors         int64 // that could not be repaired
}

// PoolOptions are for a new pool.
type PoolOptions struct {
	Devices    []string          // block devices or files
	Layout     Layout            // empty: Single or Stripe
	Force      bool              // use devices that seem to hold something
	Mountpoint string            // of the pool's own filesystem
	AltRoot    string            // directory below which all mountpoints lie, for as long as the pool is in use
	PoolProps  map[string]string // -o
	Props      map[string]string // -O
}

// ImportOptions say where pools are looked for.
type ImportOptions struct {
	Dirs    []string // -d: directories or devices; none: the cache, then /dev
	Cache   string   // -c: a file that lists pools
	Force   bool     // -f: also one that another host may use
	NoMount bool     // -N
	As      string   // a new name
	AltRoot string   // -R
}

// Pools is one way to keep pools.
type Pools interface {
	Has(name string) (bool, error)
	Pools(ctx context.Context, names []string) ([]Pool, error)
	CreatePool(ctx context.Context, name string, o PoolOptions) error
	DestroyPool(ctx context.Context, name string, force bool) error
	ExportPool(ctx context.Context, name string, force bool) error
	ImportPool(ctx context.Context, name string, o ImportOptions) error
	Importable(ctx context.Context, dirs []string) ([]Pool, error)
	SetPool(ctx context.Context, name, prop, value string) error
}

// PoolDevices changes which devices a pool lies on. What moves data returns
// when that is done.
type PoolDevices interface {
	// AddDevices makes a pool larger.
	AddDevices(ctx context.Context, pool string, o PoolOptions) error
	// AttachDevice makes a single device, or a mirror, a mirror with one more.
	AttachDevice(ctx context.Context, pool, device, with string, force bool) error
	// DetachDevice takes a device out of a mirror.
	DetachDevice(ctx context.Context, pool, device string) error
	// ReplaceDevice puts another device in the place of one.
	ReplaceDevice(ctx context.Context, pool, device, with string, force bool) error
	// RemoveDevice moves what a device holds to the others and drops it.
	RemoveDevice(ctx context.Context, pool, device string) error
	// OnlineDevice takes a device in use, with expand all of one that grew.
	OnlineDevice(ctx context.Context, pool, device string, expand bool) error
	// OfflineDevice stops using a device of a mirror.
	OfflineDevice(ctx context.Context, pool, device string) error
	// Resilver gives data that has too few copies those it should have.
	Resilver(ctx context.Context, pool string) error
	// ClearLabel makes a device that no pool uses look empty.
	ClearLabel(ctx context.Context, device string, force bool) error
}

// What to do with a scrub.
const (
	ScrubStart = "start"
	ScrubStop  = "stop"
	ScrubPause = "pause"
)

// Event is something that was done to a pool.
type Event struct {
	Time    time.Time `json:"time"`
	Command string    `json:"command"`
	User    string    `json:"user,omitempty"`
	Host    string    `json:"host,omitempty"`
}

// PoolCare keeps pools healthy and knows what happened to them.
type PoolCare interface {
	// Scrub starts, stops or pauses the scrub of a pool; wait returns when it
	// has ended.
	Scrub(ctx context.Context, pool, do string, wait bool) error
	// ClearErrors sets the error counters of a device, or of all, to zero.
	ClearErrors(ctx context.Context, pool, device string) error
	// Trim tells devices which blocks are free.
	Trim(ctx context.Context, pool string) error
	// SyncPool writes everything to the devices.
	SyncPool(ctx context.Context, pool string) error
	// Record notes what was done to a pool.
	Record(ctx context.Context, pool string, e Event) error
	// History is what was done to a pool, oldest first.
	History(ctx context.Context, pool string) ([]Event, error)
}
