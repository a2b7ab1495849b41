package imgserver

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Load takes the images of a directory: NAME.json and NAME.tar. Size and sha1
// are filled in when the manifest has no files.
func (s *Server) Load(dir string) error {
	manifests, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	for _, path := range manifests {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		data, err := os.ReadFile(strings.TrimSuffix(path, ".json") + ".tar")
		if err != nil {
			return err
		}
		i := &Image{Manifest: m, Data: data}
		if m["files"] == nil {
			m["files"] = New("", "", "", data).Manifest["files"]
		}
		if c, ok := m["channels"].([]any); ok {
			for _, name := range c {
				i.Channels = append(i.Channels, fmt.Sprint(name))
			}
		}
		s.Images = append(s.Images, i)
	}
	return nil
}
