package btrfs

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Diff tells what changed from a snapshot to a later one or, when to names the
// dataset, to now. The kernel compares the two trees; no file is read.
func (b *Backend) Diff(ctx context.Context, from, to string) ([]dataset.Difference, error) {
	const op = "diff"
	if err := dataset.CheckName(from, dataset.Snapshot); err != nil {
		return nil, dataset.Cannot(op, from, err)
	}
	if dataset.PoolOf(from) != dataset.PoolOf(to) {
		return nil, dataset.Cannot(op, to, dataset.As(dataset.ErrBadName, "not in the pool of '%s'", from))
	}
	var out []dataset.Difference
	err := b.change(ctx, op, from, func(p *pool) error {
		first, err := p.find(from)
		if err != nil {
			return err
		}
		second, err := p.find(to)
		if err != nil {
			return err
		}
		if err := p.checkDiff(first, second); err != nil {
			return dataset.Cannot(op, from, err)
		}
		out, err = p.diff(first, second)
		return err
	})
	return out, err
}

// checkDiff wants two states of one filesystem, in order.
func (p *pool) checkDiff(from, to *record) error {
	of, _ := dataset.Base(from.Name)
	toOf, _ := dataset.Base(to.Name)
	switch {
	case to.isBookmark():
		return errors.New("a bookmark holds no files")
	case p.store.byName[of].Type != dataset.Filesystem:
		return errors.New("not a filesystem")
	case of != toOf && !p.descends(p.store.byName[toOf], from):
		return dataset.As(dataset.ErrBadName, "not an earlier snapshot from the same fs")
	case to.isSnapshot() && of == toOf && compare(from, to) >= 0:
		return dataset.As(dataset.ErrBadName, "not an earlier snapshot from the same fs")
	}
	return nil
}

// descends reports whether a dataset was cloned from a snapshot, or from a
// clone of it.
func (p *pool) descends(r, from *record) bool {
	for origin := p.store.byID[r.Origin]; origin != nil; {
		if origin == from {
			return true
		}
		of, _ := dataset.Base(origin.Name)
		origin = p.store.byID[p.store.byName[of].Origin]
	}
	return false
}

// diff compares two states; of a dataset that is in use a snapshot is taken for
// as long as that takes.
func (p *pool) diff(from, to *record) ([]dataset.Difference, error) {
	undo := revert.New()
	defer p.undo(undo)
	if to.isDataset() {
		now := &record{Name: to.Name + "@now", Type: dataset.Snapshot, ID: p.store.next()}
		now.Tree = now.ID
		if err := p.copyTree(to, now, undo); err != nil {
			return nil, dataset.Cannot("diff", to.Name, err)
		}
		to = now
	}
	before, err := p.openTree(from)
	if err != nil {
		return nil, err
	}
	defer before.Close()
	after, err := p.openTree(to)
	if err != nil {
		return nil, err
	}
	defer after.Close()
	c := newComparison()
	err = btrfs.Changes(after, from.Subvol, func(step btrfs.Change) error {
		c.apply(step)
		return nil
	})
	if err != nil {
		return nil, dataset.Cannot("diff", from.Name, err)
	}
	return c.result(before, after), nil
}

// comparison follows names through the kernel's steps: files appear under
// names of their own and are then renamed, directories move with what is in
// them.
type comparison struct {
	now  map[string]*node // by the name that the steps have made; nil when gone
	gone map[string]bool  // names of the first state that no longer are
}

// root is what the filesystem's own directory was.
const root = "."

// node is one file that steps have touched.
type node struct {
	was     string // its name in the first state, empty when it is new
	changed bool   // content or attributes
	touched bool   // times only
	other   *node  // the file that this is another name of
}

func newComparison() *comparison {
	return &comparison{now: make(map[string]*node), gone: make(map[string]bool)}
}

func (c *comparison) apply(step btrfs.Change) {
	switch step.Op {
	case btrfs.OpMkfile, btrfs.OpMkdir, btrfs.OpMknod, btrfs.OpMkfifo, btrfs.OpMksock, btrfs.OpSymlink:
		c.now[step.Path] = &node{}
	case btrfs.OpLink:
		c.now[step.Path] = &node{other: c.touch(step.To)}
	case btrfs.OpRename:
		c.rename(step.Path, step.To)
	case btrfs.OpUnlink, btrfs.OpRmdir:
		if n := c.touch(step.Path); n.was != "" {
			c.gone[n.was] = true
		}
		c.now[step.Path] = nil
	case btrfs.OpUtimes:
		c.touch(step.Path).touched = true
	default:
		c.touch(step.Path).changed = true
	}
}

// touch is the node of a name.
func (c *comparison) touch(path string) *node {
	if n := c.now[path]; n != nil {
		return n
	}
	n := &node{was: cmp.Or(c.before(path), root)}
	c.now[path] = n
	return n
}

// before is the name that path had in the first state, if it was not touched:
// its directory may have moved.
func (c *comparison) before(path string) string {
	for dir := path; ; {
		i := strings.LastIndexByte(dir, '/')
		if i < 0 {
			return path
		}
		dir = dir[:i]
		if n := c.now[dir]; n != nil && n.was != "" {
			return n.was + path[i:]
		}
	}
}

func (c *comparison) rename(from, to string) {
	n := c.touch(from)
	moved := map[string]*node{to: n}
	for path, inside := range c.now {
		if strings.HasPrefix(path, from+"/") {
			moved[to+strings.TrimPrefix(path, from)] = inside
			delete(c.now, path)
		}
	}
	c.now[from] = nil
	maps.Copy(c.now, moved)
}

// result is one difference for each file that is not what it was.
func (c *comparison) result(before, after *os.File) []dataset.Difference {
	var out []dataset.Difference
	c.joinRenames()
	for path, n := range c.now {
		if n == nil {
			continue
		}
		d := dataset.Difference{Path: path}
		stat(after, path, &d)
		switch {
		case n.was == "":
			d.Kind = dataset.Added
		case n.was != root && n.was != c.before(path):
			d.Kind, d.Path, d.To = dataset.Renamed, n.was, path
		case n.changed || n.touched && changedSince(before, n.was, d.Time):
			d.Kind = dataset.Modified
		default:
			continue
		}
		out = append(out, d)
	}
	for path := range c.gone {
		d := dataset.Difference{Kind: dataset.Removed, Path: path}
		stat(before, path, &d)
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b dataset.Difference) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}

// joinRenames finds files that were renamed: the kernel gives them the new name
// and then takes the old one away.
func (c *comparison) joinRenames() {
	for _, n := range c.now {
		if n != nil && n.other != nil && n.other.was != "" && c.gone[n.other.was] {
			n.was = n.other.was
			delete(c.gone, n.was)
		}
	}
}

// changedSince reports whether a file's inode changed: times of access alone
// do not count.
func changedSince(before *os.File, was string, changed time.Time) bool {
	var d dataset.Difference
	stat(before, was, &d)
	return !d.Time.Equal(changed)
}

// stat fills in type and time of change of a path below dir, following no link.
func stat(dir *os.File, path string, d *dataset.Difference) {
	d.Type = '?'
	fd, err := unix.Openat2(int(dir.Fd()), cmp.Or(path, "."), &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC | unix.O_NOFOLLOW,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	})
	if err != nil {
		return
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return
	}
	d.Time = time.Unix(st.Ctim.Sec, st.Ctim.Nsec)
	d.Type = map[uint32]byte{
		unix.S_IFDIR: '/', unix.S_IFREG: 'F', unix.S_IFLNK: '@', unix.S_IFBLK: 'B', unix.S_IFCHR: 'C', unix.S_IFIFO: '|', unix.S_IFSOCK: '=',
	}[st.Mode&unix.S_IFMT]
}

// Owners sums what each user, or with groups each group, has in a dataset.
func (b *Backend) Owners(ctx context.Context, name string, groups bool) ([]dataset.Owner, error) {
	p, err := b.read(ctx, dataset.PoolOf(name))
	if err != nil {
		return nil, dataset.Cannot("open", name, err)
	}
	defer p.close()
	r, err := p.find(name)
	if err != nil {
		return nil, err
	}
	of, _ := dataset.Base(name)
	if r.isBookmark() || p.store.byName[of].Type != dataset.Filesystem {
		return nil, dataset.Cannot("get space of", name, errors.New("operation only applies to filesystems and snapshots"))
	}
	shares, err := btrfs.OwnersOf(p.top, r.Subvol, groups)
	var out []dataset.Owner
	for id, s := range shares {
		out = append(out, dataset.Owner{ID: id, Used: s.Bytes, Files: s.Files})
	}
	slices.SortFunc(out, func(a, b dataset.Owner) int { return cmp.Compare(a.ID, b.ID) })
	return out, err
}
