package atomicfile

import (
	"fmt"
	"os"
)

// Symlink makes path a symbolic link to target, replacing what is there. Like
// Replace it does not wait for the disk.
func Symlink(target, path string) error {
	tmp := fmt.Sprintf("%s.tmp%d", path, os.Getpid())
	if err := os.Symlink(target, tmp); err != nil {
		return fmt.Errorf("link %s: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		os.Remove(tmp) // best effort, the error to tell is the first
		return fmt.Errorf("link %s: %w", path, err)
	}
	return nil
}
