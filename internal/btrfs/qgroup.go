package btrfs

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// QgroupID names a quota group: level 0 is a subvolume's own, higher levels
// hold groups of lower ones.
type QgroupID uint64

// Qgroup is the id of a group at level.
func Qgroup(level uint16, id uint64) QgroupID { return QgroupID(uint64(level)<<48 | id) }

func (q QgroupID) String() string { return fmt.Sprintf("%d/%d", q.Level(), q.ID()) }

// QuotaMode is how a file system accounts.
type QuotaMode string

// The modes. Simple quotas (kernel 6.7) charge an extent to the subvolume that
// wrote it, at no cost for snapshots; classic qgroups find out who shares it.
const (
	QuotaNone    QuotaMode = "none"
	QuotaSimple  QuotaMode = "simple"
	QuotaClassic QuotaMode = "qgroup"
)

// EnableQuota turns accounting on. EINVAL or EOPNOTSUPP say that the kernel
// does not know the mode.
func EnableQuota(f *os.File, mode QuotaMode) error {
	a := &struct{ cmd, status uint64 }{}
	switch mode {
	case QuotaSimple:
		a.cmd = 4
	case QuotaClassic:
		a.cmd = 1
	default:
		return fmt.Errorf("quota mode %q: %w", mode, unix.EINVAL)
	}
	return call(f, "enable quota", code(dirRead|dirWrite, 40, 16), unsafe.Pointer(a))
}

// CreateQgroup makes a group of a level above 0; one that exists is fine.
func CreateQgroup(f *os.File, id QgroupID) error {
	return exists(qgroupCreate(f, id, true))
}

// DestroyQgroup removes a group; a missing one is fine.
func DestroyQgroup(f *os.File, id QgroupID) error {
	err := qgroupCreate(f, id, false)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

func qgroupCreate(f *os.File, id QgroupID, create bool) error {
	a := &struct{ create, id uint64 }{id: uint64(id)}
	if create {
		a.create = 1
	}
	return call(f, "qgroup "+id.String(), code(dirWrite, 42, 16), unsafe.Pointer(a))
}

// AssignQgroup makes member a member of group, or (in false) no longer.
// Nothing to do is no error.
func AssignQgroup(f *os.File, member, group QgroupID, in bool) error {
	a := &struct{ assign, src, dst uint64 }{src: uint64(member), dst: uint64(group)}
	if in {
		a.assign = 1
	}
	err := call(f, "assign qgroup "+member.String()+" to "+group.String(),
		code(dirWrite, 41, 24), unsafe.Pointer(a))
	if !in && errors.Is(err, unix.ENOENT) {
		return nil
	}
	return exists(err)
}

func exists(err error) error {
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// Limit is a group's limits in bytes, 0 for none.
type Limit struct{ Referenced, Exclusive uint64 }

// LimitQgroup sets both limits of a group.
func LimitQgroup(f *os.File, id QgroupID, l Limit) error {
	const (
		maxReferenced = 1 << 0
		maxExclusive  = 1 << 1
		clear         = ^uint64(0)
	)
	or := func(v uint64) uint64 {
		if v == 0 {
			return clear
		}
		return v
	}
	a := &struct{ id, flags, rfer, excl, rsvRfer, rsvExcl uint64 }{
		id: uint64(id), flags: maxReferenced | maxExclusive, rfer: or(l.Referenced), excl: or(l.Exclusive),
	}
	return call(f, "limit qgroup "+id.String(), code(dirRead, 43, 48), unsafe.Pointer(a))
}

// Level is 0 for a subvolume's own group.
func (q QgroupID) Level() uint16 { return uint16(q >> 48) }

// ID tells groups of one level apart; at level 0 it is the subvolume's.
func (q QgroupID) ID() uint64 { return uint64(q) & (1<<48 - 1) }
