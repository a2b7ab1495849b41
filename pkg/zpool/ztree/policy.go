package ztree

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// Policy says what is kept of a file's attributes.
type Policy struct {
	// Zone keeps what a zone may have: ids of its own range, no device nodes,
	// the attributes that mean the same in every zone.
	Zone bool
}

// Ids that a zone has, and who owns what belongs to others.
const (
	maxZoneID = 65535
	nobody    = 65534
)

// ACLXattr keeps an NFSv4 access control list, which the kernel has no place
// for, so that it is sent on.
const ACLXattr = "trusted.smartbox.nfs4acl"

// adapt changes e to what is kept, and reports whether it is kept at all.
func (s *Sink) adapt(e *zstream.Entry) bool {
	if len(e.ACL) > 0 {
		s.notes.count("kept %d NFSv4 access control lists aside: Linux goes by the mode alone")
		e.Xattrs[ACLXattr] = e.ACL
	}
	if !s.policy.Zone {
		return true
	}
	if e.UID > maxZoneID || e.GID > maxZoneID {
		if e.UID > maxZoneID {
			e.UID = nobody
		}
		if e.GID > maxZoneID {
			e.GID = nobody
		}
		e.Mode &^= 0o6000
		s.notes.count("gave %d files to nobody: ids above 65535 do not exist in a zone")
	}
	maps.DeleteFunc(e.Xattrs, func(name string, value []byte) bool {
		keep := zoneXattr(name, value)
		if !keep {
			s.notes.drop(name)
		}
		return !keep
	})
	switch e.Mode & unix.S_IFMT {
	case unix.S_IFCHR, unix.S_IFBLK:
		s.notes.count("left out %d device nodes: a zone has its own /dev")
		return false
	}
	return true
}

// zoneXattr lets through what means the same in every zone: the user's own,
// access control lists, and file capabilities that hold in any user namespace.
func zoneXattr(name string, value []byte) bool {
	const revision2, size2 = 2, 20
	switch name {
	case "security.capability":
		return len(value) == size2 && value[3] == revision2
	case "system.posix_acl_access", "system.posix_acl_default", ACLXattr:
		return true
	}
	return strings.HasPrefix(name, "user.")
}

// notes counts what was left out, so that a thousand files make one sentence.
type notes struct {
	counts map[string]int
	xattrs map[string]int
}

func (n *notes) count(sentence string) {
	if n.counts == nil {
		n.counts = map[string]int{}
	}
	n.counts[sentence]++
}

// drop notes an attribute that was left out; a few names are enough.
func (n *notes) drop(xattr string) {
	const most = 5
	if n.xattrs == nil {
		n.xattrs = map[string]int{}
	}
	if len(n.xattrs) < most || n.xattrs[xattr] > 0 {
		n.xattrs[xattr]++
	}
}

func (n *notes) sentences() []string {
	var out []string
	for _, sentence := range slices.Sorted(maps.Keys(n.counts)) {
		out = append(out, fmt.Sprintf(sentence, n.counts[sentence]))
	}
	if len(n.xattrs) > 0 {
		var names []string
		for name := range n.xattrs {
			names = append(names, fmt.Sprintf("%.40q", name))
		}
		slices.Sort(names)
		out = append(out, "left out extended attributes "+strings.Join(names, ", "))
	}
	return out
}
