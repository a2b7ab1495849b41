package pi

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/pkg/platform"
)

const (
	stateFile = "boot.json"
	maxTrials = 1 // boots of an image that was never up
)

// state is what the pool knows of boots.
type state struct {
	Next     string   `json:"next,omitempty"`     // the active image; none: whatever the medium has
	Fallback string   `json:"fallback,omitempty"` // the one before, when it was good
	Trials   int      `json:"trials,omitempty"`   // boots of Next since it was activated
	Good     []string `json:"good,omitempty"`     // images that came up
	Failed   string   `json:"failed,omitempty"`   // the last one that did not
	Loader   string   `json:"loader,omitempty"`   // what the pool's own boot loader was made of
}

func (s *Store) load() (*state, error) {
	data, err := os.ReadFile(filepath.Join(s.Dir, stateFile))
	if errors.Is(err, os.ErrNotExist) {
		return &state{}, nil
	}
	if err != nil {
		return nil, err
	}
	st := &state{}
	if err := json.Unmarshal(data, st); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", stateFile, ErrCorrupt, err)
	}
	for _, stamp := range append([]string{st.Next, st.Fallback, st.Loader}, st.Good...) {
		if stamp == "" {
			continue
		}
		if err := platform.CheckStamp(stamp); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", stateFile, ErrCorrupt, err)
		}
	}
	return st, nil
}

func (s *Store) save(st *state) error {
	data, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(s.Dir, stateFile), append(data, '\n'), 0o644)
}

func (st *state) isGood(stamp string) bool { return slices.Contains(st.Good, stamp) }

// Choice is what to run.
type Choice struct {
	Stamp string // to enter; empty: stay
	Note  string // what the console should say
}

// Choose decides at a boot from a medium whose image is running. It records the
// trial before it begins.
func (s *Store) Choose(running string) (Choice, error) {
	held, err := s.lock()
	if err != nil {
		return Choice{}, err
	}
	defer held.Unlock()
	st, err := s.load()
	if err != nil {
		return Choice{}, err
	}
	note := ""
	if st.Next != "" && !st.isGood(st.Next) && st.Trials >= maxTrials {
		note = fmt.Sprintf("platform %s did not come up; going back to %s", st.Next, orMedium(st.Fallback))
		st.Failed, st.Next, st.Fallback, st.Trials = st.Next, st.Fallback, "", 0
		if err := s.save(st); err != nil {
			return Choice{}, err
		}
	}
	if st.Next == "" || st.Next == running {
		return Choice{Note: note}, nil
	}
	st.Trials++
	if err := s.save(st); err != nil {
		return Choice{}, err
	}
	return Choice{Stamp: st.Next, Note: note}, nil
}

func orMedium(stamp string) string {
	if stamp == "" {
		return "the medium's own"
	}
	return stamp
}

// MarkGood records that the running image came up.
func (s *Store) MarkGood(running string) error {
	held, err := s.lock()
	if err != nil {
		return err
	}
	defer held.Unlock()
	st, err := s.load()
	if err != nil || st.isGood(running) && (st.Next != running || st.Trials == 0) {
		return err
	}
	if !st.isGood(running) {
		st.Good = append(st.Good, running)
	}
	if st.Next == running {
		st.Trials = 0
	}
	return s.save(st)
}

// Activate makes an image the one to run from the next boot on.
func (s *Store) Activate(stamp string) error {
	if err := platform.CheckStamp(stamp); err != nil {
		return err
	}
	held, err := s.lock()
	if err != nil {
		return err
	}
	defer held.Unlock()
	if _, err := platform.VerifyManifest(s.path(stamp), s.Keys); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			if _, err := os.Stat(s.path(stamp)); err != nil {
				return fmt.Errorf("%w: %s", ErrNotInstalled, stamp)
			}
		}
		return fmt.Errorf("platform %s: %w: %w", stamp, ErrCorrupt, err)
	}
	st, err := s.load()
	if err != nil {
		return err
	}
	if st.Next == stamp && st.Trials == 0 {
		return nil
	}
	if st.Next != stamp && (st.Next == "" || st.isGood(st.Next)) {
		st.Fallback = st.Next
	}
	st.Next, st.Trials = stamp, 0
	return s.save(st)
}
