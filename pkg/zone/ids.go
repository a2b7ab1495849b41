package zone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/strictjson"
)

// counters is what is given out once for all zones of a root.
type counters struct {
	DID int `json:"did"` // the last debug id given
}

// number gives c a debug id that no zone had before. It is the only lock that
// zones share, and held for one small write.
func (h *Host) number(ctx context.Context, c *Config) error {
	l, err := lock.Wait(ctx, h.lockFile("@ids", "op"))
	if err != nil {
		return err
	}
	return errors.Join(h.count(c), l.Unlock())
}

func (h *Host) count(c *Config) error {
	var last counters
	file := filepath.Join(h.root.Zones(), ".ids.json")
	data, err := os.ReadFile(file)
	if err == nil {
		err = strictjson.Unmarshal(data, &last)
	}
	if err != nil {
		h.recount(&last)
	}
	if c.DID == 0 {
		c.DID = last.DID + 1
	}
	last.DID = max(last.DID, c.DID)
	data, err = json.Marshal(last)
	if err != nil {
		return fmt.Errorf("zone %s: %w", c.Name, err)
	}
	return atomicfile.Write(file, data, 0o644)
}

// recount finds the highest id in use when the counter is new or damaged.
func (h *Host) recount(last *counters) {
	zones, _ := h.List() // a damaged zone's id cannot be known
	for _, z := range zones {
		last.DID = max(last.DID, z.Config.DID)
	}
}
