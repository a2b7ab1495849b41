package dataset

import "strings"

const (
	maxName  = 255
	maxDepth = 50
)

// CheckName says whether a name may be that of a dataset of type t, in the
// words of zfs(8).
func CheckName(name string, t Type) error {
	if t == Bookmark {
		return checkBookmark(name)
	}
	base, snap, isSnap := strings.Cut(name, "@")
	switch {
	case t == Snapshot && !isSnap:
		return As(ErrBadName, "missing '@' delimiter in snapshot name")
	case t != Snapshot && isSnap:
		return As(ErrBadName, "snapshot delimiter '@' is not expected here")
	case t != Snapshot && strings.Contains(name, "#"):
		return As(ErrBadName, "bookmark delimiter '#' is not expected here")
	case len(name) > maxName:
		return As(ErrBadName, "name is too long")
	case strings.HasPrefix(name, "/"):
		return As(ErrBadName, "leading slash in name")
	case strings.HasSuffix(base, "/") && !isSnap:
		return As(ErrBadName, "trailing slash in name")
	case strings.ContainsAny(snap, "@#"):
		return As(ErrBadName, "multiple '@' and/or '#' delimiters in name")
	}
	parts := strings.Split(base, "/")
	if isSnap {
		parts = append(parts, snap)
	}
	if len(parts) > maxDepth {
		return As(ErrBadName, "name is too deep")
	}
	for _, p := range parts {
		if err := checkComponent(p); err != nil {
			return err
		}
	}
	return checkPoolStart(parts[0])
}

func checkBookmark(name string) error {
	base, mark, ok := strings.Cut(name, "#")
	if !ok {
		return As(ErrBadName, "missing '#' delimiter in bookmark name")
	}
	if strings.ContainsAny(mark, "@#") || strings.Contains(base, "@") {
		return As(ErrBadName, "multiple '@' and/or '#' delimiters in name")
	}
	return CheckName(base+"@"+mark, Snapshot)
}

func checkComponent(p string) error {
	switch p {
	case "":
		return As(ErrBadName, "empty component or misplaced '@' or '#' delimiter in name")
	case ".":
		return As(ErrBadName, "self reference, '.' is found in name")
	case "..":
		return As(ErrBadName, "parent reference, '..' is found in name")
	}
	for _, c := range p {
		if !validChar(c) {
			return As(ErrBadName, "invalid character '%c' in name", c)
		}
	}
	return nil
}

func validChar(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.: ", c)
}

func checkPoolStart(pool string) error {
	if c := pool[0] | 0x20; c < 'a' || c > 'z' {
		return As(ErrBadName, "pool doesn't begin with a letter")
	}
	return nil
}

// CheckPoolName says whether a name may be that of a new pool.
func CheckPoolName(name string) error {
	if strings.ContainsAny(name, "/@#") {
		return As(ErrBadName, "invalid character '%c' in pool name", name[strings.IndexAny(name, "/@#")])
	}
	if err := CheckName(name, Filesystem); err != nil {
		return err
	}
	for _, word := range []string{"mirror", "raidz", "draid", "spare"} {
		if strings.HasPrefix(name, word) {
			return As(ErrBadName, "name is reserved")
		}
	}
	if name == "log" {
		return As(ErrBadName, "name is reserved")
	}
	return nil
}

// PoolOf is the pool's name in a dataset's.
func PoolOf(name string) string {
	if i := strings.IndexAny(name, "/@#"); i >= 0 {
		return name[:i]
	}
	return name
}

// Parent is the name of the dataset above a filesystem or volume, "" for a
// pool's.
func Parent(name string) string {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return ""
	}
	return name[:i]
}

// IsBelow reports whether name is a descendant (child or snapshot, at any
// depth) of root.
func IsBelow(name, root string) bool {
	return len(name) > len(root) && strings.HasPrefix(name, root) && strings.IndexByte("/@#", name[len(root)]) >= 0
}

// Base cuts a name in the filesystem's or volume's and the rest of a snapshot's
// (@s) or bookmark's (#b), which is empty for a dataset.
func Base(name string) (of, rest string) {
	if i := strings.IndexAny(name, "@#"); i >= 0 {
		return name[:i], name[i:]
	}
	return name, ""
}

// SplitSnapshot cuts a snapshot's name in dataset and snapshot.
func SplitSnapshot(name string) (of, snap string, ok bool) { return strings.Cut(name, "@") }
