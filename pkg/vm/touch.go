package vm

import (
	"os"
	"path/filepath"
)

// touchFile changes when a machine changed in a way that its configuration and
// state do not show; events watches it.
func (h *Host) touchFile(name string) string {
	return filepath.Join(h.touchDir(), name)
}

func (h *Host) touchDir() string { return filepath.Join(h.root.Run(), "changed") }

// touch tells those who watch. It is only a signal: failing to give it changes
// nothing that was done.
func (h *Host) touch(name string) {
	err := os.WriteFile(h.touchFile(name), nil, 0o600)
	if err != nil && os.MkdirAll(h.touchDir(), 0o755) == nil {
		err = os.WriteFile(h.touchFile(name), nil, 0o600)
	}
	if err != nil {
		h.log.Debug("touch", "zone", name, "error", err)
	}
}
