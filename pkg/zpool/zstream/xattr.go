package zstream

import (
	"fmt"
	"strings"
)

// maxXattr is the longest value that Linux can store.
const maxXattr = 64 << 10

// xattrs collects a file's extended attributes from both of their places.
func (r *Receiver) xattrs(z *znode) (map[string][]byte, error) {
	all := map[string][]byte{}
	if len(z.dxattr) > 0 {
		list, err := ParseNvlist(z.dxattr)
		if err != nil {
			return nil, fmt.Errorf("extended attributes: %w", err)
		}
		for name, value := range list {
			if value, ok := value.([]byte); ok {
				addXattr(all, name, value)
			}
		}
	}
	if z.xattr == 0 {
		return all, nil
	}
	names, err := r.Names(z.xattr)
	if err != nil {
		return nil, fmt.Errorf("extended attributes: %w", err)
	}
	for _, d := range names {
		value, err := r.xattrValue(d)
		if err != nil {
			return nil, fmt.Errorf("extended attribute %q: %w", d.Name, err)
		}
		addXattr(all, d.Name, value)
	}
	return all, nil
}

// xattrValue reads the file that holds an attribute's value.
func (r *Receiver) xattrValue(d Name) ([]byte, error) {
	z, err := r.znode(d)
	if err != nil {
		return nil, err
	}
	if z.mode&typeMask != modeRegular || z.size > maxXattr {
		return nil, fmt.Errorf("a value of %d bytes cannot be stored", z.size)
	}
	value := make([]byte, z.size)
	return value, r.content(d.Object, value, 0)
}

// addXattr gives names of other systems the prefix that Linux demands, and
// leaves out the files in which illumos keeps its own attributes.
func addXattr(all map[string][]byte, name string, value []byte) {
	if strings.HasPrefix(name, "SUNWattr_") {
		return
	}
	for _, prefix := range []string{"user.", "trusted.", "security.", "system."} {
		if strings.HasPrefix(name, prefix) {
			all[name] = value
			return
		}
	}
	all["user."+name] = value
}
