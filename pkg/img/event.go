package img

import (
	"fmt"

	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// EventKind is what happened.
type EventKind int

// What Import, Install, Delete and Vacuum report on their way.
const (
	AlreadyInstalled  EventKind = iota + 1 // Image; nothing is done
	Importing                              // Image, Source
	Ancestry                               // Image; its origins are looked up
	Downloading                            // Count images, Total bytes to come
	Downloaded                             // Image, Total bytes
	Resumed                                // Image, Done bytes were there already
	Installing                             // Image
	Installed                              // Image
	Deleted                                // Image
	Note                                   // Image, Text: what was left out of it
	Progress                               // Image, Doing, Done of Total bytes; comes often
	Sending                                // Image, Text: the file that it is written to
	Saving                                 // Image, Text: the file of its manifest
	PublishedManifest                      // Image: as the server has it
	PublishedFile                          // Image
	Activated                              // Image
)

// Event is one step of work, for the command to word.
type Event struct {
	Kind   EventKind
	Image  *manifest.Manifest
	Pool   string
	Source string
	Count  int
	Doing  EventKind // of Progress: Downloading or Installing
	Done   int64
	Total  int64
	Text   string
}

// Size words a number of bytes: "35.4 MiB".
func Size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, prefix := float64(n)/unit, 0
	for value >= unit && prefix < 5 {
		value /= unit
		prefix++
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTPE"[prefix])
}
