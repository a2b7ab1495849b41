package super

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/paths"
)

// lastID is the counter of zone ids: they begin with 1 at each boot of the
// host and never come twice.
type lastID struct {
	BootID string `json:"boot_id"`
	ID     int    `json:"zoneid"`
}

func nextID(ctx context.Context, root paths.Root) (int, error) {
	l, err := lock.Wait(ctx, filepath.Join(root.Run(), "locks", "@zoneid"))
	if err != nil {
		return 0, err
	}
	id, err := count(filepath.Join(root.Run(), "zoneid.json"))
	if err := errors.Join(err, l.Unlock()); err != nil {
		return 0, fmt.Errorf("next zone id: %w", err)
	}
	return id, nil
}

func count(file string) (int, error) {
	boot, err := host.BootID()
	if err != nil {
		return 0, err
	}
	var last lastID
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	if json.Unmarshal(data, &last) != nil || last.BootID != boot {
		last = lastID{BootID: boot}
	}
	last.ID++
	data, err = json.Marshal(last)
	if err != nil {
		return 0, err
	}
	return last.ID, atomicfile.Replace(file, data, 0o644)
}
