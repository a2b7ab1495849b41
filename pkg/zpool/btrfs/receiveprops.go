package btrfs

import (
	"errors"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
	"github.com/smartbox-os/smartbox/pkg/zpool/ztree"
)

// brought is the properties that the stream brings along, but for what -x
// excludes.
func (a *arriving) brought() (map[string]string, error) {
	props := map[string]string{}
	if a.header != nil {
		props = sentProps(a.header.byGUID[a.begin.ToGUID].props, a.kind())
	}
	for _, name := range a.o.Exclude {
		if p := dataset.Lookup(name); p != nil {
			name = p.Name
		} else if !dataset.IsUser(name) {
			return nil, dataset.As(dataset.ErrProperty, "invalid property '%s'", name)
		}
		delete(props, name)
	}
	return props, nil
}

// sentProps is those of a stream's properties that a dataset here can have, in
// words: a stream has the numbers that ZFS stores.
func sentProps(list zstream.Nvlist, t dataset.Type) map[string]string {
	props := map[string]string{}
	for name, sent := range list {
		var text string
		switch v := sent.(type) {
		case string:
			text = v
		case uint64:
			text = sentNumber(name, v)
		}
		if text == "" {
			continue
		}
		if _, _, err := dataset.CheckSet(name, text, t, true); err == nil {
			props[name] = text
		}
	}
	return props
}

// numbered is the words of properties that ZFS stores as numbers.
func numbered(name string) []string {
	switch name {
	case "atime", "devices", "exec", "setuid", "readonly", "relatime", "overlay":
		return []string{"off", "on"}
	case "canmount":
		return []string{"off", "on", "noauto"}
	case "sync":
		return []string{"standard", "always", "disabled"}
	case "logbias":
		return []string{"latency", "throughput"}
	case "primarycache", "secondarycache":
		return []string{"none", "metadata", "all"}
	case "compression":
		return []string{
			"", "on", "off", "lzjb", "", "gzip-1", "gzip-2", "gzip-3", "gzip-4", "gzip-5", "gzip",
			"gzip-7", "gzip-8", "gzip-9", "zle", "lz4", "zstd",
		}
	}
	return nil
}

// isSize tells the properties whose value is a number for people too.
func isSize(name string) bool {
	switch name {
	case "quota", "refquota", "reservation", "refreservation", "recordsize", "volblocksize":
		return true
	}
	return false
}

// sentNumber words a number that ZFS stores; "" is one without meaning here.
func sentNumber(name string, v uint64) string {
	if isSize(name) {
		return strconv.FormatUint(v, 10)
	}
	if words := numbered(name); v < uint64(len(words)) {
		return words[v]
	}
	return ""
}

// sendProps is what a stream says of a dataset's own properties.
func sendProps(r *record) zstream.Nvlist {
	list := zstream.Nvlist{}
	for _, from := range []map[string]string{r.Received, r.Props} {
		for name, value := range from {
			words := numbered(name)
			n, err := strconv.ParseUint(value, 10, 64)
			switch {
			case dataset.IsUser(name), name == "mountpoint":
				list[name] = value
			case isSize(name) && err == nil:
				list[name] = n
			case slices.Contains(words, value):
				list[name] = uint64(slices.Index(words, value))
			}
		}
	}
	return list
}

// sizeVolume notes the size of a volume in its record and its snapshot's.
func (a *arriving) sizeVolume(snap *record) error {
	if a.kind() != dataset.Volume {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstatat(int(a.tree.Fd()), ztree.VolumeName, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return &os.PathError{Op: "stat", Path: a.name, Err: err}
	}
	if a.old == nil || a.Holder || a.base == nil {
		block, err := a.volumeBlock()
		if err != nil {
			return err
		}
		a.rec.set("volblocksize", strconv.FormatUint(uint64(block), 10))
	}
	a.rec.set("volsize", strconv.FormatInt(st.Size, 10))
	snap.set("volsize", strconv.FormatInt(st.Size, 10))
	return nil
}

// volumeBlock is the block size that a volume was sent with.
func (a *arriving) volumeBlock() (uint32, error) {
	table, err := ztree.OpenTable(a.objs)
	if err != nil {
		return 0, err
	}
	defer table.Close()
	const volumeObject = 1
	d, err := table.Get(volumeObject)
	if err != nil {
		return 0, err
	}
	if d == nil {
		return 0, errors.New("the volume has no content")
	}
	return d.BlockSize, nil
}
