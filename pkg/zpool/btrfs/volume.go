package btrfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/loopdev"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// A volume is a subvolume with one file, which a loop device makes a block
// device for as long as the pool is in use; /dev/zvol/NAME leads to it.

// volumeName is the file in a volume's subvolume.
const volumeName = "volume"

// nocow is FS_NOCOW_FL: data is overwritten in place unless a snapshot shares
// it, as block devices want it.
const nocow = 0x00800000

// makeVolume fills the empty subvolume of a new volume.
func (p *pool) makeVolume(r *record) error {
	dir, err := p.openTree(r)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := unix.IoctlSetPointerInt(int(dir.Fd()), unix.FS_IOC_SETFLAGS, nocow); err != nil {
		return fmt.Errorf("volume: %w", err)
	}
	f, err := openIn(dir, volumeName, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return noSpace(err)
	}
	defer f.Close()
	return p.sizeVolume(f, r)
}

// sizeVolume gives a volume's file its size. One with a reservation has all its
// space from the start.
func (p *pool) sizeVolume(f *os.File, r *record) error {
	size := r.number("volsize")
	if err := f.Truncate(size); err != nil {
		return noSpace(err)
	}
	if r.number("refreservation") >= size {
		if err := unix.Fallocate(int(f.Fd()), 0, 0, size); err != nil {
			return noSpace(err)
		}
	}
	return noSpace(f.Sync())
}

func (p *pool) openVolume(tree string) (*os.File, error) {
	dir, err := openIn(p.trees, tree, unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return openIn(dir, volumeName, os.O_RDWR)
}

// linkPath is where a volume's block device is found by name.
func (p *pool) linkPath(name string) string {
	return filepath.Join(p.root(), "dev/zvol", name)
}

// attachVolume makes r a block device; being one is fine.
func (p *pool) attachVolume(r *record) error {
	f, err := p.openVolume(r.treeName())
	if err != nil {
		return err
	}
	defer f.Close()
	dev, err := p.deviceOf(r, f)
	if err == nil && dev == nil {
		dev, err = loopdev.Keep(f)
	}
	if err != nil {
		return err
	}
	defer dev.Close()
	if err := loopdev.SetReadOnly(dev, p.store.isOn(r, "readonly")); err != nil {
		return err
	}
	return p.link(r.Name, dev.Name())
}

// deviceOf opens the loop device of a volume's file, nil when there is none.
// The link is asked first, since there may be many loop devices.
func (p *pool) deviceOf(r *record, f *os.File) (*os.File, error) {
	if path, err := os.Readlink(p.linkPath(r.Name)); err == nil {
		if dev, err := loopdev.IsBehind(path, f); dev != nil || err != nil {
			return dev, err
		}
	}
	return loopdev.Find(f)
}

func (p *pool) link(name, device string) error {
	at := p.linkPath(name)
	if old, err := os.Readlink(at); err == nil && old == device {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	return atomicfile.Symlink(device, at)
}

// unlink removes a volume's link, and directories that nothing is left in.
func (p *pool) unlink(name string) {
	top := filepath.Join(p.root(), "dev/zvol")
	for at := p.linkPath(name); at != top; at = filepath.Dir(at) {
		if err := os.Remove(at); err != nil && !errors.Is(err, os.ErrNotExist) {
			return // not empty: others are left
		}
	}
}

// detachVolume takes r's block device away, unless somebody has it open.
func (p *pool) detachVolume(r *record, lazy bool) error {
	f, err := p.openVolume(r.treeName())
	if err != nil {
		return ignoreMissing(err)
	}
	defer f.Close()
	dev, err := p.deviceOf(r, f)
	if err != nil {
		return err
	}
	if dev != nil {
		if err := loopdev.Release(dev, lazy); err != nil {
			if errors.Is(err, loopdev.ErrBusy) {
				return dataset.As(errors.Join(dataset.ErrBusy, err), "dataset is busy")
			}
			return err
		}
	}
	p.unlink(r.Name)
	return nil
}

// forgetVolume frees a subvolume that is to be swept away from its device. It
// may be that of a snapshot, which nobody can write to.
func (p *pool) forgetVolume(tree string) error {
	dir, err := openIn(p.trees, tree, unix.O_DIRECTORY)
	if err != nil {
		return ignoreMissing(err)
	}
	defer dir.Close()
	f, err := openIn(dir, volumeName, os.O_RDONLY)
	if err != nil {
		return ignoreMissing(err)
	}
	defer f.Close()
	dev, err := loopdev.Find(f)
	if dev == nil || err != nil {
		return err
	}
	return loopdev.Release(dev, true)
}

// resizeVolume makes file and device as large as r says. Growing keeps the
// device in use; who shrinks one loses what lies behind the new end.
func (p *pool) resizeVolume(r *record) error {
	f, err := p.openVolume(r.treeName())
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	full := r.number("refreservation") >= r.number("volsize")
	if info.Size() != r.number("volsize") || full {
		if err := p.sizeVolume(f, r); err != nil {
			return err
		}
	}
	dev, err := p.deviceOf(r, f)
	if dev == nil || err != nil {
		return err
	}
	defer dev.Close()
	return loopdev.Resize(dev)
}

// attachVolumes makes all volumes block devices and removes links of volumes
// that are gone or have another name.
func (p *pool) attachVolumes() error {
	var errs []error
	known := make(map[string]bool)
	for _, r := range p.store.all(func(r *record) bool { return r.Type == dataset.Volume }) {
		known[r.Name] = true
		if err := p.attachVolume(r); err != nil {
			errs = append(errs, dataset.Cannot("attach", r.Name, err))
		}
	}
	top := filepath.Join(p.root(), "dev/zvol")
	err := filepath.WalkDir(filepath.Join(top, p.name), func(path string, d os.DirEntry, err error) error {
		name := strings.TrimPrefix(path, top+"/")
		if err == nil && d.Type()&os.ModeSymlink != 0 && !known[name] {
			p.unlink(name)
		}
		return ignoreMissing(err)
	})
	return errors.Join(append(errs, ignoreMissing(err))...)
}

// Metadata that ZFS keeps for a volume: blocks of 128K with 1024 pointers each.
const (
	pointersPerBlock = 1024
	indirectBlock    = 128 << 10
	objectLevels     = 7
)

// reservationOf is what a volume needs when every block of it is written, as
// ZFS reckons it.
func reservationOf(size, block int64) int64 {
	meta := int64(objectLevels)
	for n := size / block; n > 1; {
		n = (n + pointersPerBlock - 1) / pointersPerBlock
		meta += n
	}
	return size + 2*meta*indirectBlock
}

// newVolume is a checked record of a new volume.
func newVolume(name string, o dataset.CreateOptions) (*record, error) {
	r, err := newRecord(name, dataset.Volume, o.Props)
	if err != nil {
		return nil, err
	}
	block := r.blockSize()
	size := (o.Volsize + block - 1) / block * block
	if size < o.Volsize {
		return nil, dataset.As(dataset.ErrProperty, "volume size is too large")
	}
	r.set("volsize", strconv.FormatInt(size, 10))
	if _, set := r.Props["refreservation"]; !set && !o.Sparse {
		r.set("refreservation", "auto")
	}
	r.settleReservation()
	return r, nil
}

func (r *record) blockSize() int64 {
	if n := r.number("volblocksize"); n > 0 {
		return n
	}
	n, _ := strconv.ParseInt(dataset.Lookup("volblocksize").Default, 10, 64)
	return n
}

// settleReservation turns a reservation of auto into a number.
func (r *record) settleReservation() {
	if r.Props["refreservation"] == "auto" {
		r.set("refreservation", strconv.FormatInt(reservationOf(r.number("volsize"), r.blockSize()), 10))
	}
}

// settleVolume makes a changed size or reservation of a volume what it can be:
// whole blocks, and the reservation of a volume that has its full one follows
// the size.
func (r *record) settleVolume(old *record, changed map[string]string) error {
	if r.Type != dataset.Volume {
		return nil
	}
	_, sized := changed["volsize"]
	if block := r.blockSize(); sized && r.number("volsize")%block != 0 {
		return dataset.As(dataset.ErrProperty, "'volsize' must be a multiple of volume block size (%s)", dataset.HumanSize(block))
	}
	full := old.number("refreservation") > 0 &&
		old.number("refreservation") == reservationOf(old.number("volsize"), old.blockSize())
	if _, reserved := changed["refreservation"]; sized && !reserved && full {
		r.set("refreservation", "auto")
		changed["refreservation"] = "auto"
	}
	r.settleReservation()
	if _, reserved := changed["refreservation"]; reserved {
		changed["refreservation"] = r.Props["refreservation"]
	}
	return nil
}
