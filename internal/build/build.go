// Package build is what a build was told of itself.
package build

import "runtime/debug"

// Linked is the version that the linker was given; a plain "go install" leaves it
// empty.
var Linked string

// Version is what the build was told, or else the module's version.
func Version() string {
	if Linked != "" {
		return Linked
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
