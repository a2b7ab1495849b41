package pi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/pkg/platform"
)

const prefix = "platform-"

// Conditions that callers tell apart.
var (
	ErrNotInstalled = errors.New("no such platform image is installed")
	ErrInstalled    = errors.New("is installed already")
	ErrInUse        = errors.New("is in use")
	ErrCorrupt      = errors.New("what is kept on the pool is damaged")
)

// Store is the images of one pool.
type Store struct {
	Dir     string // where the pool's boot dataset is mounted
	Keys    []platform.Key
	Running string // stamp of the running image
}

// Entry is one image.
type Entry struct {
	Stamp     string
	Now, Next bool
	Good      bool // it came up at least once
	Whole     bool // its manifest is there and signed
}

func (s *Store) path(stamp string) string { return filepath.Join(s.Dir, prefix+stamp) }

func (s *Store) lock() (*lock.Lock, error) {
	return lock.Wait(context.Background(), filepath.Join(s.Dir, ".lock"))
}

// List is all images, the oldest first.
func (s *Store) List() ([]Entry, error) {
	st, err := s.load()
	if err != nil {
		return nil, err
	}
	dirs, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, err
	}
	var all []Entry
	for _, d := range dirs {
		stamp, ok := strings.CutPrefix(d.Name(), prefix)
		if !ok || !d.IsDir() || platform.CheckStamp(stamp) != nil {
			continue
		}
		m, err := platform.VerifyManifest(s.path(stamp), s.Keys)
		all = append(all, Entry{
			Stamp: stamp, Now: stamp == s.Running, Next: stamp == st.Next, Good: st.isGood(stamp),
			Whole: err == nil && m.Stamp == stamp,
		})
	}
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Stamp, b.Stamp) })
	return all, nil
}

// Failed is the image that last did not come up, empty when none.
func (s *Store) Failed() (string, error) {
	st, err := s.load()
	if err != nil {
		return "", err
	}
	return st.Failed, nil
}

// Install copies an image onto the pool: its signature is checked before
// anything is written, each file while it is, and it appears whole or not at
// all. The stamp is returned.
func (s *Store) Install(ctx context.Context, from Source) (string, error) {
	data, m, err := s.manifest(ctx, from)
	if err != nil {
		return "", err
	}
	held, err := s.lock()
	if err != nil {
		return "", err
	}
	defer held.Unlock()
	if _, err := os.Lstat(s.path(m.Stamp)); err == nil {
		return "", fmt.Errorf("platform %s %w", m.Stamp, ErrInstalled)
	}
	if err := s.roomFor(m); err != nil {
		return "", err
	}
	if err := s.sweep(); err != nil {
		return "", err
	}
	part := filepath.Join(s.Dir, ".part-"+m.Stamp)
	if err := os.Mkdir(part, 0o755); err != nil {
		return "", err
	}
	if err := fetch(ctx, from, part, data, m); err != nil {
		return "", errors.Join(err, os.RemoveAll(part))
	}
	if err := os.Rename(part, s.path(m.Stamp)); err != nil {
		return "", errors.Join(err, os.RemoveAll(part))
	}
	return m.Stamp, syncDir(s.Dir)
}

// sweep removes what interrupted installations left.
func (s *Store) sweep() error {
	left, err := filepath.Glob(filepath.Join(s.Dir, ".part-*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range left {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

func (s *Store) roomFor(m *platform.Manifest) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(s.Dir, &fs); err != nil {
		return err
	}
	need := int64(1 << 20)
	for _, f := range m.Files {
		need += f.Size
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < need {
		return fmt.Errorf("platform %s needs %d MB and the pool has %d MB left", m.Stamp, need/1e6, free/1e6)
	}
	return nil
}

// Remove takes an image off the pool. The running one, the active one and the
// one to go back to are refused unless force is given, the running one always.
func (s *Store) Remove(stamp string, force bool) error {
	if err := platform.CheckStamp(stamp); err != nil {
		return err
	}
	held, err := s.lock()
	if err != nil {
		return err
	}
	defer held.Unlock()
	if _, err := os.Lstat(s.path(stamp)); err != nil {
		return fmt.Errorf("%w: %s", ErrNotInstalled, stamp)
	}
	st, err := s.load()
	if err != nil {
		return err
	}
	switch {
	case stamp == s.Running:
		return fmt.Errorf("platform %s %w: it is running", stamp, ErrInUse)
	case stamp == st.Next:
		return fmt.Errorf("platform %s %w: it is the active one; activate another first", stamp, ErrInUse)
	case stamp == st.Fallback && !force:
		return fmt.Errorf("platform %s %w: it is the one to go back to (-f removes it)", stamp, ErrInUse)
	}
	st.Good = slices.DeleteFunc(st.Good, func(g string) bool { return g == stamp })
	if st.Fallback == stamp {
		st.Fallback = ""
	}
	if err := s.save(st); err != nil {
		return err
	}
	doomed := filepath.Join(s.Dir, ".part-"+stamp)
	if err := os.Rename(s.path(stamp), doomed); err != nil {
		return err
	}
	return os.RemoveAll(doomed)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
