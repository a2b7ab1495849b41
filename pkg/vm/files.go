package vm

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/strictjson"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// The files in a machine's dataset, ZONEPATH/config.
const (
	metadataFile = "metadata.json"
	tagsFile     = "tags.json"
	routesFile   = "routes.json"
)

// flat is an object whose values are strings, numbers or booleans.
type flat map[string]any

// metadata is the content of metadata.json.
type metadata struct {
	Customer flat `json:"customer_metadata"`
	Internal flat `json:"internal_metadata"`
}

func (h *Host) configDir(c *zone.Config) string { return filepath.Join(h.path(c), "config") }

func (h *Host) readMetadata(c *zone.Config) (metadata, error) {
	var m metadata
	err := h.readFile(c, metadataFile, &m)
	return metadata{m.Customer.numbers(), m.Internal.numbers()}, err
}

// readFlat reads tags.json or routes.json.
func (h *Host) readFlat(c *zone.Config, name string) (flat, error) {
	var f flat
	err := h.readFile(c, name, &f)
	return f.numbers(), err
}

// readFile decodes a file; one that is not there is empty.
func (h *Host) readFile(c *zone.Config, name string, v any) error {
	data, err := os.ReadFile(filepath.Join(h.configDir(c), name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := strictjson.Unmarshal(data, v); err != nil {
		return worded("VM %s: damaged config/%s: %w", c.Name, name, err)
	}
	return nil
}

func (h *Host) writeFile(c *zone.Config, name string, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	dir := h.configDir(c)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, name), b.Bytes(), 0o600)
}

// numbers makes the decoder's numbers plain ones, and an object of none.
func (f flat) numbers() flat {
	if f == nil {
		return flat{}
	}
	for key, value := range f {
		if n, ok := value.(json.Number); ok {
			f[key] = number(n)
		}
	}
	return f
}

// edit removes and then sets members, in that order.
func (f flat) edit(remove []string, set map[string]any) {
	for _, key := range remove {
		delete(f, key)
	}
	maps.Copy(f, set)
}
