package btrfs

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/loopdev"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// readDevices reads a pool's devices with their errors, and what follows from
// those for the pool.
func (p *pool) readDevices(out *dataset.Pool) error {
	devices, err := p.members()
	if err != nil {
		return err
	}
	out.Layout = p.layout()
	var bad, missing bool
	for _, d := range devices {
		dev := dataset.Device{
			ID: d.ID, Path: d.Path, Health: dataset.Unavail, Size: int64(d.Total), Alloc: int64(d.Used),
		}
		if !d.Missing {
			dev.Path, dev.Health, dev.IO = loopdev.Backing(d.Path), dataset.Online, readIO(d.Path)
		}
		e, err := btrfs.ErrorsOf(p.top, d.ID)
		if err != nil && !d.Missing {
			return err
		}
		dev.Read, dev.Write, dev.Checksum = e.Read, e.Write+e.Flush, e.Corruption+e.Generation
		bad = bad || dev.Read+dev.Write+dev.Checksum > 0
		missing = missing || d.Missing
		out.Devices = append(out.Devices, dev)
	}
	out.Scan = p.lastScan()
	lopsided, err := p.isLopsided()
	if err != nil {
		return err
	}
	p.judge(out, bad, missing, lopsided)
	return nil
}

// judge words what is wrong with a pool and what to do.
func (p *pool) judge(out *dataset.Pool, bad, missing, lopsided bool) {
	lost := out.Scan != nil && out.Scan.Errors > 0
	switch {
	case missing:
		out.Health = dataset.Degraded
		out.Reason = "One or more devices could not be opened. Sufficient replicas exist for the pool to go on in a degraded state."
		out.Action = "Attach the missing device and import the pool again, or replace the device with 'zpool replace'."
	case lopsided:
		out.Health = dataset.Degraded
		out.Reason = "Some data has fewer copies than the pool's layout asks for: a change of its devices was cut off, or it ran without one."
		out.Action = "Run 'zpool resilver " + out.Name + "'."
	case lost:
		out.Reason = "One or more devices has experienced an error resulting in data corruption. Applications may be affected."
		out.Action = "Restore the file in question if possible. Otherwise restore the entire pool from backup."
	case bad:
		out.Reason = "One or more devices has experienced an unrecoverable error. An attempt was made to correct the error. Applications are unaffected."
		out.Action = "Determine if the device needs to be replaced, and clear the errors using 'zpool clear' or replace the device with 'zpool replace'."
	}
}

// isLopsided reports whether block groups have other profiles than the layout
// asks for. One device has no copies to miss.
func (p *pool) isLopsided() (bool, error) {
	layout := p.layout()
	if layout != dataset.Mirror && layout != dataset.Mirrors {
		return false, nil
	}
	data, metadata, err := btrfs.Profiles(p.top)
	if err != nil {
		return false, err
	}
	wantData, wantMeta := profilesOf(layout, len(p.store.pool.Members))
	for profile, size := range data {
		if profile != wantData && size > 0 {
			return true, nil
		}
	}
	for profile, size := range metadata {
		if profile != wantMeta && size > 0 {
			return true, nil
		}
	}
	return false, nil
}

// readIO reads what the kernel counted for a block device, zeros when it does
// not say.
func readIO(device string) dataset.IO {
	const readOps, readSectors, writeOps, writeSectors, sector = 0, 2, 4, 6, 512
	data, err := os.ReadFile(filepath.Join("/sys/class/block", filepath.Base(device), "stat"))
	f := strings.Fields(string(data))
	if err != nil || len(f) <= writeSectors {
		return dataset.IO{}
	}
	number := func(i int) uint64 {
		n, _ := strconv.ParseUint(f[i], 10, 64) // the kernel's own digits
		return n
	}
	return dataset.IO{
		Reads: number(readOps), ReadBytes: number(readSectors) * sector,
		Writes: number(writeOps), WriteBytes: number(writeSectors) * sector,
	}
}
