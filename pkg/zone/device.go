package zone

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// devRoot is where this host has its devices.
const devRoot = "/dev"

// DeviceNode is a device of the host as a zone sees it.
type DeviceNode struct {
	Name string // below /dev
	Mode uint32 // permissions
	Type uint32 // unix.S_IFCHR or S_IFBLK
	Dev  uint64
}

// ownNodes are the names that every zone's /dev has of its own; what matches
// them is there already, and never the host's.
var ownNodes = []string{
	"console", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty",
	"urandom", "zero",
}

// hostNodes would give a zone all of the host.
var hostNodes = []string{"kmem", "kmsg", "mem", "port"}

// DeviceNodes are the devices of this host that the configuration's device
// resources match. A resource that matches none, or one that no zone may have,
// is an error: a zone must not start without what it was promised.
func (c *Config) DeviceNodes() ([]DeviceNode, error) {
	var nodes []DeviceNode
	for _, d := range c.Devices {
		found, err := matchDevices(devRoot, d.Match)
		if err != nil {
			return nil, fmt.Errorf("device match=%s: %w", d.Match, err)
		}
		for _, n := range found {
			if !slices.ContainsFunc(nodes, func(have DeviceNode) bool { return have.Name == n.Name }) {
				nodes = append(nodes, n)
			}
		}
	}
	return nodes, nil
}

// matchDevices finds the devices below root that a pattern names: /dev/snd/* or
// snd/*. A wildcard does not match a slash.
func matchDevices(root, pattern string) ([]DeviceNode, error) {
	rel := strings.TrimPrefix(pattern, "/dev/")
	if rel == "" || path.IsAbs(rel) || path.Clean(rel) != rel || !filepath.IsLocal(rel) || strings.ContainsRune(rel, 0) {
		return nil, errors.New("is not a pattern for names below /dev")
	}
	paths, err := filepath.Glob(filepath.Join(root, rel))
	if err != nil {
		return nil, fmt.Errorf("is not a pattern: %w", err)
	}
	literal := !strings.ContainsAny(rel, `*?[\`)
	var nodes []DeviceNode
	for _, p := range paths {
		n, err := deviceNode(root, p)
		if errors.Is(err, errNoDevice) && !literal {
			continue
		}
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	if len(nodes) == 0 {
		return nil, errors.New("no device of this host matches")
	}
	return nodes, nil
}

// errNoDevice says of a name that it is not a device that can be handed on.
var errNoDevice = errors.New("not a device")

func deviceNode(root, file string) (DeviceNode, error) {
	name := strings.TrimPrefix(file, root+"/")
	first, _, _ := strings.Cut(name, "/")
	if slices.Contains(ownNodes, first) {
		return DeviceNode{}, fmt.Errorf("%s: every zone has its own: %w", file, errNoDevice)
	}
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return DeviceNode{}, fmt.Errorf("%s: %w: it leads nowhere", file, errNoDevice)
	}
	var st unix.Stat_t
	if err := unix.Lstat(real, &st); err != nil {
		return DeviceNode{}, &os.PathError{Op: "stat", Path: real, Err: err}
	}
	kind := st.Mode & unix.S_IFMT
	switch {
	case kind == unix.S_IFDIR:
		return DeviceNode{}, fmt.Errorf("%s: %w but a directory; match=%s/* takes what is in it", file, errNoDevice, name)
	case kind != unix.S_IFCHR && kind != unix.S_IFBLK || !within(real, root):
		return DeviceNode{}, fmt.Errorf("%s: %w", file, errNoDevice)
	case kind == unix.S_IFCHR && unix.Major(st.Rdev) == 1 && slices.Contains(hostNodes, filepath.Base(real)):
		return DeviceNode{}, fmt.Errorf("%s would give the zone all of the host", file)
	}
	n := DeviceNode{Name: name, Mode: st.Mode & 0o777, Type: kind, Dev: st.Rdev}
	if kind == unix.S_IFBLK {
		return n, unused(real)
	}
	return n, nil
}

// unused makes sure that the host has not mounted a disk, or made it part of a
// pool: two who write to one file system destroy it.
func unused(file string) error {
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_EXCL|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("%s is in use by the host", file)
	}
	if err != nil {
		return nil //nolint:nilerr // a drive without a medium is nobody's
	}
	return unix.Close(fd)
}
