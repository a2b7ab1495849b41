// Package jail runs one process tree in namespaces of its own: the kernel half
// of a zone. A Spec is plain data; Start makes it real. It knows no zone
// configuration, no brand, no state on disk and no network: links are attached
// by a function of the caller.
//
// Three parties build a jail. The builder is a locked thread of this process: it
// makes the mount tree in a mount namespace of the host's user namespace, so
// that all mounts in it are locked for the jail. The parent is a process forked
// for it: it bears the child straight into the new namespaces, and becomes the
// jail's keeper (package keeper) when all is done: the jail is killed when the
// keeper dies. The child becomes PID 1. Until they execute something, parent and
// child run nothing but a list of system calls, in this process's memory.
package jail

import (
	"os"

	"golang.org/x/sys/unix"
)

// IDs is the number of user and group ids that a jail has.
const IDs = 1 << 16

// Spec says what a jail is made of.
type Spec struct {
	Root       string // directory on the host, owners unshifted
	UIDBase    uint32 // of the jail's ids on the host
	Hostname   string
	Domainname string
	Mounts     []Mount  // in order, after /dev, /proc and /sys
	Nodes      []Node   // in /dev, beside the usual ones
	Native     *Native  // none: no /native
	Nesting    bool     // /proc without masks, so that jails can be made inside
	Init       string   // path inside
	Argv       []string // Argv[0] included
	Env        []string
	Caps       uint64 // bounding set
	Filter     []unix.SockFilter
	Rlimits    []Rlimit
	Sysctls    map[string]string // of the jail's IPC namespace: kernel/msgmni
	Cgroups    Cgroups
	// Keeper is what the jail is left to; without, it can only be closed.
	Keeper *Keeper
	// Attach gives the jail's network namespace its links; may be nil.
	Attach func(netns *os.File) error
}

// Cgroups the jail is born in.
type Cgroups struct {
	Unified string   // directory of a cgroup v2, or ""
	Tasks   []string // tasks files of cgroups v1
	MountV2 bool     // show the cgroup v2 at /sys/fs/cgroup
	MountV1 []string // else: these v1 hierarchies (name=systemd) below it
}

// Rlimit is a resource limit of init.
type Rlimit struct {
	Resource int
	Cur, Max uint64
}

// Node is a device of the host that the jail sees in /dev.
type Node struct {
	Name string // below /dev
	Mode uint32 // permissions
	Type uint32 // unix.S_IFCHR or S_IFBLK
	Dev  uint64
}

// Mount is one mount inside.
type Mount struct {
	Target   string // inside; made when it is missing
	Source   string // of a bind: a path on the host
	FS       string // else a file system type: tmpfs, mqueue
	Options  []string
	Attr     uint64 // MOUNT_ATTR_
	Idmap    bool   // shift owners; files of unshifted binds are nobody's
	Tree     bool   // a bind takes what is mounted below it along
	Optional bool   // no error when the source is not there
}

// Keeper is the process that a jail's parent becomes.
type Keeper struct {
	Program *os.File // what it executes
	Argv    []string
	Env     []string
	Files   []File // its descriptors, beside those that the jail has
	Ready   bool   // init does not run yet when it takes over
}

// File is a descriptor of ours that a keeper has at a certain number.
type File struct{ FD, At int }
