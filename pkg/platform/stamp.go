package platform

import (
	"fmt"
	"time"
)

const stampFormat = "20060102T150405Z"

// Stamp names an image by the moment it stands for.
func Stamp(t time.Time) string { return t.UTC().Format(stampFormat) }

// CheckStamp refuses what is no stamp, and so whatever could lead elsewhere as
// a file's name.
func CheckStamp(stamp string) error {
	if _, err := time.Parse(stampFormat, stamp); err != nil {
		return fmt.Errorf("%q is not a platform stamp like 20260102T150405Z", stamp)
	}
	return nil
}
