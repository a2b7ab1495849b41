package pi

import (
	"errors"
	"fmt"

	"github.com/smartbox-os/smartbox/pkg/platform"
)

// errNoLoader says that there is nothing to make a loader of.
var errNoLoader = errors.New("no platform image is installed that could boot the pool")

// LoaderImage is the installed image that a pool is to be booted with: of those
// that are whole the running one, which is known to come up here, else one that
// came up, the newest first; if none did, the active one.
func (s *Store) LoaderImage() (stamp, dir string, err error) {
	all, err := s.List()
	if err != nil {
		return "", "", err
	}
	best := -1
	rank := func(e Entry) int {
		switch {
		case e.Now:
			return 3
		case e.Good:
			return 2
		case e.Next:
			return 1
		}
		return 0
	}
	for i, e := range all { // the oldest first
		if e.Whole && (best < 0 || rank(e) >= rank(all[best])) {
			best = i
		}
	}
	if best < 0 {
		return "", "", errNoLoader
	}
	stamp = all[best].Stamp
	if _, err := platform.Verify(s.path(stamp), s.Keys); err != nil {
		return "", "", fmt.Errorf("platform %s: %w: %w", stamp, ErrCorrupt, err)
	}
	return stamp, s.path(stamp), nil
}

// SetLoader notes which image boots the pool; none when stamp is empty.
func (s *Store) SetLoader(stamp string) error {
	held, err := s.lock()
	if err != nil {
		return err
	}
	defer held.Unlock()
	st, err := s.load()
	if err != nil || st.Loader == stamp {
		return err
	}
	st.Loader = stamp
	return s.save(st)
}

// Loader is the image that boots the pool, empty when none does.
func (s *Store) Loader() (string, error) {
	st, err := s.load()
	if err != nil {
		return "", err
	}
	return st.Loader, nil
}
