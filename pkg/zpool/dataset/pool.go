package dataset

// Health of a pool.
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
	Devices []Device
	Reason  string // why it is not ONLINE
}

// Device is one device of a pool.
type Device struct {
	Path                  string // as given at creation
	Health                string
	Read, Write, Checksum uint64 // errors counted
	Size, Alloc           int64
}

// PoolOptions are for a new pool.
type PoolOptions struct {
	Devices    []string          // block devices or files
	Force      bool              // use devices that seem to hold something
	Mountpoint string            // of the pool's own filesystem
	PoolProps  map[string]string // -o
	Props      map[string]string // -O
}

// ImportOptions say where pools are looked for.
type ImportOptions struct {
	Dirs    []string // -d: directories or devices; none: the cache, then /dev
	Force   bool     // -f
	NoMount bool     // -N
	As      string   // a new name
}
