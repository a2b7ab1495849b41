package zstream

// Brief is what an object's OBJECT record alone says of a file.
type Brief struct {
	Size           uint64
	Regular        bool
	Hidden         bool // it holds extended attributes and has no place in the tree
	XattrDirectory bool // some of its attributes are objects of their own
	Parent         uint64
}

// Brief tells what kind of file an object is as soon as that can be known: its
// spill block and the tables that describe attributes may come later.
func (r *Receiver) Brief(number uint64) (Brief, error) {
	d, err := r.store.Get(number)
	if err != nil {
		return Brief{}, err
	}
	if d == nil {
		return Brief{}, errGone
	}
	z, err := r.attributes(d, 0)
	if err != nil {
		return Brief{}, err
	}
	return Brief{
		Size: z.size, Regular: z.mode&typeMask == modeRegular, Hidden: z.flags&flagXattr != 0,
		XattrDirectory: z.xattr != 0, Parent: z.parent,
	}, nil
}

// Body reports whether the object's content is that of a file in the tree.
func (b Brief) Body() bool { return b.Regular && !b.Hidden }
