package btrfs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/ztree"
)

// Beside the subvolumes of snapshots that were received lie the tables of the
// objects that they came as, in objects/ID, for the next incremental stream.
// A stream on its way has a file receiving/TREE, locked while it comes, and
// its table in objects/TREE.
const (
	objectsName   = "objects"
	receivingName = "receiving"
)

// arrival is what receiving/TREE says.
type arrival struct {
	Name    string       `json:"name"` // of the dataset that is to be made or changed
	Tree    int64        `json:"tree"`
	ID      int64        `json:"id"`                // of the record that it will be
	Subvol  uint64       `json:"subvol"`            //
	Base    int64        `json:"base,omitempty"`    // the snapshot that it builds on
	Kind    uint32       `json:"kind,omitempty"`    // of object set
	ToGUID  uint64       `json:"toguid,string"`     //
	From    uint64       `json:"fromguid,string"`   //
	ToName  string       `json:"toname"`            //
	Saved   *ztree.State `json:"saved,omitempty"`   // set when it can be resumed
	Object  uint64       `json:"object,omitempty"`  // where it goes on
	Offset  uint64       `json:"offset,omitempty"`  //
	Bytes   uint64       `json:"bytes,omitempty"`   //
	Holder  bool         `json:"holder,omitempty"`  // an empty dataset shows that it can be resumed
	Feature uint64       `json:"feature,omitempty"` // bits of the stream
}

func (p *pool) pathOf(parts ...string) string {
	return filepath.Join(append([]string{p.top.Name()}, parts...)...)
}

// openObjects opens the directory of a table, making it when asked to.
func (p *pool) openObjects(id int64, make bool) (*os.File, error) {
	path := p.pathOf(objectsName, strconv.FormatInt(id, 10))
	if make {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// dropObjects removes the table of a snapshot or an arrival, if it has one.
func (p *pool) dropObjects(name string) error { return os.RemoveAll(p.pathOf(objectsName, name)) }

// arrivals reads what is being received or can be resumed.
func (p *pool) arrivals() ([]arrival, error) {
	names, err := readNames(p.pathOf(receivingName))
	if err != nil {
		return nil, err
	}
	var all []arrival
	for _, name := range names {
		data, err := os.ReadFile(p.pathOf(receivingName, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		var a arrival
		if err != nil || json.Unmarshal(data, &a) != nil {
			continue // cut by a crash: swept by the next change
		}
		all = append(all, a)
	}
	return all, nil
}

func readNames(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// announce makes and locks the file that tells of an arrival. The lock goes
// with the process.
func (p *pool) announce(a *arrival) (*os.File, error) {
	if err := os.MkdirAll(p.pathOf(receivingName), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(p.pathOf(receivingName, strconv.FormatInt(a.Tree, 10)), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("it is being received at this moment: %w", err)
	}
	if err := note(f, a); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// note writes an arrival down.
func note(f *os.File, a *arrival) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		return noSpace(err)
	}
	if err := f.Truncate(int64(len(data))); err != nil {
		return err
	}
	return noSpace(f.Sync())
}

// sweepArrivals removes what is left of streams that were cut off and cannot
// be resumed. It returns the trees that it left alone.
func (p *pool) sweepArrivals() (map[string]bool, error) {
	names, err := readNames(p.pathOf(receivingName))
	kept := map[string]bool{}
	if err != nil {
		return kept, err
	}
	var errs []error
	for _, name := range names {
		swept, err := p.sweepArrival(name)
		errs = append(errs, err)
		if !swept {
			kept[name] = true
		}
	}
	return kept, errors.Join(errs...)
}

func (p *pool) sweepArrival(name string) (swept bool, err error) {
	f, err := os.OpenFile(p.pathOf(receivingName, name), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var a arrival
	err = json.NewDecoder(f).Decode(&a)
	if err == nil && a.Saved != nil && p.resumable(&a) {
		return false, nil
	}
	return true, p.dropArrival(name)
}

// resumable reports whether what an arrival builds on is still there.
func (p *pool) resumable(a *arrival) bool {
	r := p.store.byID[a.ID]
	base := p.store.byID[a.Base]
	return r != nil && r.Name == a.Name && (a.Base == 0 || base != nil)
}

// dropArrival removes an arrival and what has come of it, unless a dataset has
// become of it. A dataset that only held its place goes too.
func (p *pool) dropArrival(name string) error {
	tree, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		return os.Remove(p.pathOf(receivingName, name))
	}
	if err := p.dropHolder(tree); err != nil {
		return err
	}
	taken := false
	for _, r := range p.store.byID {
		taken = taken || r.Tree == tree
	}
	if !taken {
		p.b.log.Info("remove an unfinished dataset", "pool", p.name, "tree", name)
		if err := p.destroyTree(name); err != nil {
			return err
		}
	}
	if err := p.dropObjects(name); err != nil {
		return err
	}
	if err := os.Remove(p.pathOf(receivingName, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// dropHolder removes the empty dataset that held the place of an arrival.
func (p *pool) dropHolder(tree int64) error {
	all, err := p.arrivals()
	if err != nil {
		return err
	}
	for _, a := range all {
		r := p.store.byID[a.ID]
		if a.Tree != tree || !a.Holder || r == nil || r.Tree == tree || len(p.store.below(r.Name)) > 0 {
			continue
		}
		undo := revert.New()
		defer p.undo(undo)
		if err := p.unmountAll([]*record{r}, true, undo); err != nil {
			return err
		}
		if err := p.commit(entry{Del: []int64{r.ID}}); err != nil {
			return err
		}
		undo.Success()
		p.remove([]*record{r})
		p.removePlace(p.store.mountpoint(r))
	}
	return nil
}

// sweepObjects removes tables that belong to nothing.
func (p *pool) sweepObjects(kept map[string]bool) error {
	names, err := readNames(p.pathOf(objectsName))
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		id, err := strconv.ParseInt(name, 10, 64)
		if err == nil && (p.store.byID[id] != nil || kept[name]) {
			continue
		}
		errs = append(errs, p.dropObjects(name))
	}
	return errors.Join(errs...)
}
