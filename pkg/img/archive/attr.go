package archive

import (
	"archive/tar"
	"fmt"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/internal/beneath"
)

// maxID is the last id of a zone's own range; nobody takes what lies beyond.
const (
	maxID  = 65535
	nobody = 65534
)

// attr is what the inode gets. An owner that no zone can have becomes nobody,
// without setuid and setgid bits, so that nobody gains by it.
func (u *unpacker) attr(h *tar.Header) beneath.Attr {
	a := beneath.Attr{UID: h.Uid, GID: h.Gid, Mode: uint32(h.Mode) & 0o7777, MTime: h.ModTime}
	if outOfRange(h.Uid) || outOfRange(h.Gid) {
		if outOfRange(a.UID) {
			a.UID = nobody
		}
		if outOfRange(a.GID) {
			a.GID = nobody
		}
		a.Mode &^= 0o6000
		u.notes.owners++
	}
	switch h.Typeflag {
	case tar.TypeSymlink, tar.TypeFifo:
	default:
		a.Xattrs = u.xattrs(h)
	}
	return a
}

func outOfRange(id int) bool { return id < 0 || id > maxID }

const xattrPrefix = "SCHILY.xattr."

// xattrs lets through what means the same in every zone: the user's own and
// file capabilities that hold in any user namespace (revision 2 of
// linux/capability.h; revision 3 names a host id).
func (u *unpacker) xattrs(h *tar.Header) map[string]string {
	var kept map[string]string
	for key, value := range h.PAXRecords {
		name, ok := strings.CutPrefix(key, xattrPrefix)
		if !ok {
			continue
		}
		if !allowedXattr(name, value) {
			u.notes.drop(name)
			continue
		}
		if kept == nil {
			kept = map[string]string{}
		}
		kept[name] = value
	}
	return kept
}

func allowedXattr(name, value string) bool {
	const revision2, size2 = 2, 20
	switch {
	case len(name) > 255 || len(value) > 64<<10:
		return false
	case name == "security.capability":
		return len(value) == size2 && value[3] == revision2
	}
	return strings.HasPrefix(name, "user.") && len(name) > len("user.")
}

// notes counts what was left out, so that a thousand device nodes make one
// sentence.
type notes struct {
	devices, unknown, owners int
	xattrs                   map[string]int
}

func (n *notes) drop(xattr string) {
	if n.xattrs == nil {
		n.xattrs = map[string]int{}
	}
	if len(n.xattrs) < 5 || n.xattrs[xattr] > 0 {
		n.xattrs[xattr]++
	}
}

func (n *notes) sentences() []string {
	var out []string
	if n.devices > 0 {
		out = append(out, fmt.Sprintf("left out %s: a zone has its own /dev", plural(n.devices, "device node")))
	}
	if n.owners > 0 {
		out = append(out, fmt.Sprintf("gave %s to nobody (%d): ids above %d do not exist in a zone", plural(n.owners, "file"), nobody, maxID))
	}
	if n.unknown > 0 {
		out = append(out, fmt.Sprintf("left out %s of unknown type", plural(n.unknown, "entry")))
	}
	if len(n.xattrs) > 0 {
		var names []string
		for name := range n.xattrs {
			names = append(names, fmt.Sprintf("%.40q", name))
		}
		slices.Sort(names)
		out = append(out, "left out extended attributes "+strings.Join(names, ", ")+": only user.* and security.capability are kept")
	}
	return out
}

func plural(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}
