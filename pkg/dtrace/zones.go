package dtrace

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
)

// Zone is one zone that runs.
type Zone struct {
	Name  string
	ID    int32
	Group uint64 // id of its control group in the tree of version 2
}

// ZoneSource tells of the host's zones.
type ZoneSource interface {
	// Zones lists those that run.
	Zones() ([]Zone, error)
	// Directories are where one appears or disappears when a zone boots or halts;
	// they need not be there yet.
	Directories() []string
}

// zoneWatch keeps the kernel's map of zones as the host's zones are.
type zoneWatch struct {
	source ZoneSource
	zones  *ebpf.Map
	gen    *gen.Generator
	notify *os.File
	have   map[uint64]bool
	done   chan struct{}
}

// watchZones fills the map and follows what changes.
func watchZones(source ZoneSource, zones *ebpf.Map, g *gen.Generator) (*zoneWatch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watch the zones: %w", err)
	}
	w := &zoneWatch{
		source: source, zones: zones, gen: g, notify: os.NewFile(uintptr(fd), "inotify"),
		have: map[uint64]bool{}, done: make(chan struct{}),
	}
	w.watch()
	if err := w.fill(); err != nil {
		return nil, errors.Join(err, w.notify.Close())
	}
	go w.follow()
	return w, nil
}

// watch asks to be told of changes. A directory that is not there appears in
// one that is, which is watched too.
func (w *zoneWatch) watch() {
	raw, err := w.notify.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		for _, dir := range w.source.Directories() {
			// It may not be there; then the next change looks again.
			_, _ = unix.InotifyAddWatch(int(fd), dir, unix.IN_CREATE|unix.IN_DELETE|unix.IN_ONLYDIR)
		}
	})
}

// fill brings the map up to date.
func (w *zoneWatch) fill() error {
	list, err := w.source.Zones()
	if err != nil {
		return fmt.Errorf("list the zones: %w", err)
	}
	now := map[uint64]bool{}
	for _, z := range list {
		var value [gen.ZoneSize]byte
		binary.NativeEndian.PutUint32(value[:], uint32(z.ID))
		binary.NativeEndian.PutUint32(value[4:], w.gen.ZoneSlot(z.Name))
		copy(value[8:gen.ZoneSize-1], z.Name)
		if err := w.zones.Put(z.Group, value); err != nil {
			return fmt.Errorf("store the zone %s: %w", z.Name, err)
		}
		now[z.Group] = true
	}
	for group := range w.have {
		if !now[group] {
			if err := w.zones.Delete(group); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
				return fmt.Errorf("forget a zone: %w", err)
			}
		}
	}
	w.have = now
	return nil
}

// follow fills the map whenever something has changed. What fails is tried
// again at the next change.
func (w *zoneWatch) follow() {
	defer close(w.done)
	events := make([]byte, 4096)
	for {
		if _, err := w.notify.Read(events); err != nil {
			return
		}
		w.watch()
		_ = w.fill()
	}
}

// Close ends the watch.
func (w *zoneWatch) Close() error {
	err := w.notify.Close()
	<-w.done
	return err
}
