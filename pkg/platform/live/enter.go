package live

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/platform"
	"github.com/smartbox-os/smartbox/pkg/platform/pi"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// images are the pool's platform images; nil when it keeps none.
func (s *System) images() (*pi.Store, error) {
	dir := s.Root.Pool(zpool.SystemPool + "/boot")
	if _, err := os.Stat(dir); err != nil {
		return nil, nil
	}
	keys, err := platform.Keys(s.Root.Join(platform.KeysDir), filepath.Join(s.Root.Usbkey(), "platform-keys"))
	return &pi.Store{Dir: dir, Keys: keys, Running: Stamp()}, err
}

// Enter readies the kernel to enter the pool's active image when that is
// another one, and reports whether it is to be entered. An error means to stay.
func (s *System) Enter() (bool, error) {
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil || pi.WasEntered(string(line)) || strings.Contains(string(line), "smartbox.stay") {
		return false, err
	}
	store, err := s.images()
	if store == nil || err != nil {
		return false, err
	}
	choice, err := store.Choose(Stamp())
	if choice.Note != "" {
		s.say("%s", choice.Note)
	}
	if err != nil || choice.Stamp == "" {
		return false, err
	}
	s.say("entering platform %s", choice.Stamp)
	if err := store.LoadKexec(choice.Stamp, string(line)); err != nil {
		return false, err
	}
	return true, nil
}

// CameUp marks the running image as one that comes up.
func (s *System) CameUp() error {
	store, err := s.images()
	if store == nil || err != nil {
		return err
	}
	return store.MarkGood(Stamp())
}
