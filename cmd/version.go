package cmd

import "runtime/debug"

// version is set by the linker; a plain "go install" leaves it empty.
var version string

// Version is what the build was told, or else the module's version.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
