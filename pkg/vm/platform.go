package vm

import (
	"runtime/debug"
	"strings"
	"time"
)

// Buildstamp is the build of smartbox that runs, in the form of SmartOS's own:
// 20240102T030405Z.
func Buildstamp() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key != "vcs.time" {
			continue
		}
		if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
			return t.UTC().Format("20060102T150405Z")
		}
	}
	return strings.Trim(info.Main.Version, "()")
}

// serverUUID names this host, as sysinfo does.
func (h *Host) serverUUID() (any, error) { return "", nil }
