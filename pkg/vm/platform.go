package vm

import (
	"os"
	"sync"

	"github.com/smartbox-os/smartbox/internal/host"
)

// Buildstamp is the build of smartbox that runs, in the form of SmartOS's own
// (20240102T030405Z): when the binary was made.
var Buildstamp = sync.OnceValue(func() string {
	info, err := os.Stat("/proc/self/exe")
	if err != nil {
		return ""
	}
	return info.ModTime().UTC().Format("20060102T150405Z")
})

// serverUUID names this host, as sysinfo does.
var serverUUID = sync.OnceValues(host.MachineUUID)
