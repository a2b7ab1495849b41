package vm

import (
	"fmt"
	"path"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// filesystem is one element of filesystems, settled.
type filesystem map[string]any

// toFS is the file system as the zone's configuration keeps it.
func (f filesystem) toFS() (zone.FS, error) {
	fs := zone.FS{}
	fs.Special, _ = f["source"].(string)
	fs.Dir, _ = f["target"].(string)
	fs.Type, _ = f["type"].(string)
	fs.Raw, _ = f["raw"].(string)
	fs.Options, _ = f["options"].([]string)
	switch {
	case fs.Dir == "" || fs.Special == "" || fs.Type == "":
		return fs, fmt.Errorf("filesystems need source, target and type: %s", show(f))
	case !path.IsAbs(fs.Dir) || path.Clean(fs.Dir) != fs.Dir || fs.Dir == "/":
		return fs, fmt.Errorf("filesystems target %q is not a clean absolute path", fs.Dir)
	case fs.Type == "lofs" && !path.IsAbs(fs.Special):
		return fs, fmt.Errorf("filesystems source %q is not an absolute path", fs.Special)
	}
	return fs, nil
}

func filesystemsOf(c *zone.Config) []Object {
	list := make([]Object, len(c.FS))
	for i, fs := range c.FS {
		o := Object{{"source", fs.Special}, {"target", fs.Dir}, {"type", fs.Type}}
		if fs.Raw != "" {
			o = append(o, Member{"raw", fs.Raw})
		}
		list[i] = append(o, Member{"options", append([]string{}, fs.Options...)})
	}
	return list
}

// addFilesystems appends new ones; a target can be used once.
func addFilesystems(c *zone.Config, list []map[string]any) error {
	for _, f := range list {
		fs, err := filesystem(f).toFS()
		if err != nil {
			return err
		}
		if slices.ContainsFunc(c.FS, func(old zone.FS) bool { return old.Dir == fs.Dir }) {
			return fmt.Errorf("filesystems target %q is used twice", fs.Dir)
		}
		c.FS = append(c.FS, fs)
	}
	return nil
}
