package img

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/strictjson"
)

// config is /var/imgadm/imgadm.conf. Members that it does not know are kept.
type config struct {
	Sources    []Source // as configured, or the defaults
	AgentExtra string   // appended to the User-Agent
	members    map[string]json.RawMessage
}

const maxConfig = 1 << 20

func (h *Host) configPath() string { return filepath.Join(h.root.Imgadm(), "imgadm.conf") }

func (h *Host) readConfig() (*config, error) {
	f, err := os.Open(h.configPath())
	if errors.Is(err, os.ErrNotExist) {
		return parseConfig([]byte("{}"))
	}
	if err != nil {
		return nil, fail(CodeConfig, "read the configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, fail(CodeConfig, "read the configuration: %w", err)
	}
	c, err := parseConfig(data)
	if err != nil {
		return nil, failHint(CodeConfig, "repair the file, or remove it to start with the default sources",
			"%s: %w", h.root.Display(h.configPath()), err)
	}
	return c, nil
}

// parseConfig reads the file's content. Without "sources" the default ones
// count; an empty list means none.
func parseConfig(data []byte) (*config, error) {
	if len(data) > maxConfig {
		return nil, fmt.Errorf("larger than %d bytes", maxConfig)
	}
	c := &config{}
	if err := strictjson.Unmarshal(data, &c.members); err != nil {
		return nil, err
	}
	if c.members == nil {
		return nil, errors.New("not a JSON object")
	}
	if raw, ok := c.members["userAgentExtra"]; ok {
		if err := json.Unmarshal(raw, &c.AgentExtra); err != nil || strings.ContainsFunc(c.AgentExtra, isControl) {
			return nil, errors.New("userAgentExtra is not a string of one line")
		}
	}
	raw, ok := c.members["sources"]
	if !ok {
		c.Sources = DefaultSources()
		return c, nil
	}
	if err := strictjson.Unmarshal(raw, &c.Sources); err != nil {
		return nil, fmt.Errorf("sources: %w", err)
	}
	for i := range c.Sources {
		if err := c.Sources[i].normalize(); err != nil {
			return nil, fmt.Errorf("sources[%d]: %w", i, err)
		}
	}
	return c, nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func (c *config) encode() ([]byte, error) {
	sources := c.Sources
	if sources == nil {
		sources = []Source{}
	}
	raw, err := json.Marshal(sources)
	if err != nil {
		return nil, err
	}
	c.members["sources"] = raw
	data, err := json.Marshal(c.members)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// editConfig changes the configuration under its lock; change reports whether
// there is something to write.
func (h *Host) editConfig(ctx context.Context, change func(*config) (bool, error)) error {
	if err := os.MkdirAll(h.root.Imgadm(), 0o755); err != nil {
		return fail(CodeFile, "%w", err)
	}
	l, err := lock.Wait(ctx, filepath.Join(h.root.Run(), "imgadm.conf.lock"))
	if err != nil {
		return fail(CodeFile, "%w", err)
	}
	defer l.Unlock()
	c, err := h.readConfig()
	if err != nil {
		return err
	}
	write, err := change(c)
	if err != nil || !write {
		return err
	}
	data, err := c.encode()
	if err != nil {
		return fail(CodeConfig, "%w", err)
	}
	if err := atomicfile.Write(h.configPath(), data, 0o644); err != nil {
		return fail(CodeFile, "%w", err)
	}
	return nil
}
