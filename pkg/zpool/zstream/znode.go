package zstream

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Bonus types that hold a file's attributes.
const (
	bonusZnode = 17
	bonusSA    = 44
)

// znodeSize is the fixed bonus of ZPL versions 1 to 4.
const znodeSize = 264

// znode holds a file's attributes as either ZPL generation stores them.
type znode struct {
	mode, size, gen, uid, gid, links, rdev, flags, parent uint64

	atime, mtime time.Time
	xattr        uint64 // object of the hidden directory, or 0
	dxattr       []byte // packed list of attributes
	aces         []byte // NFSv4 access control entries
	symlink      []byte // nil where the target is file content
}

// aclTrivial in flags tells that the mode says all that the ACL does.
const aclTrivial = 4

// flagXattr in flags marks the files and directories that hold attributes.
const flagXattr = 1

// parseZnode reads the bonus of ZPL versions 1 to 4.
func parseZnode(p []byte) (*znode, error) {
	if len(p) < znodeSize {
		return nil, fmt.Errorf("attributes of %d bytes are too short", len(p))
	}
	z := &znode{atime: saTime(p), mtime: saTime(p[16:])}
	for off, field := range map[int]*uint64{
		64: &z.gen, 72: &z.mode, 80: &z.size, 88: &z.parent, 96: &z.links, 104: &z.xattr,
		112: &z.rdev, 120: &z.flags, 128: &z.uid, 136: &z.gid,
	} {
		*field = binary.LittleEndian.Uint64(p[off:])
	}
	if tail := p[znodeSize:]; z.size > 0 && z.size <= uint64(len(tail)) {
		z.symlink = tail[:z.size]
	}
	return z, nil
}

// set takes in one system attribute; those without a use here are left out.
func (z *znode) set(name string, value []byte) {
	switch name {
	case "ZPL_ATIME":
		z.atime = saTime(value)
	case "ZPL_MTIME":
		z.mtime = saTime(value)
	case "ZPL_SYMLINK":
		z.symlink = value
	case "ZPL_DXATTR":
		z.dxattr = value
	case "ZPL_DACL_ACES":
		z.aces = value
	default:
		if field := z.field(name); field != nil && len(value) == 8 {
			*field = binary.LittleEndian.Uint64(value)
		}
	}
}

func (z *znode) field(name string) *uint64 {
	switch name {
	case "ZPL_MODE":
		return &z.mode
	case "ZPL_SIZE":
		return &z.size
	case "ZPL_GEN":
		return &z.gen
	case "ZPL_UID":
		return &z.uid
	case "ZPL_GID":
		return &z.gid
	case "ZPL_PARENT":
		return &z.parent
	case "ZPL_LINKS":
		return &z.links
	case "ZPL_RDEV":
		return &z.rdev
	case "ZPL_FLAGS":
		return &z.flags
	case "ZPL_XATTR":
		return &z.xattr
	}
	return nil
}

// saTime reads seconds and nanoseconds.
func saTime(p []byte) time.Time {
	if len(p) < 16 {
		return time.Time{}
	}
	le := binary.LittleEndian
	return time.Unix(int64(le.Uint64(p)), int64(le.Uint64(p[8:])))
}

// device splits a device number: illumos and FreeBSD use 32 bits for each
// part, Linux has the minor number in the low 20.
func (z *znode) device() (major, minor uint32) {
	if z.rdev>>32 != 0 {
		return uint32(z.rdev >> 32), uint32(z.rdev)
	}
	return uint32(z.rdev >> 20), uint32(z.rdev & (1<<20 - 1))
}
