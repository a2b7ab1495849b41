package host

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// BootID tells this boot of the host from every other.
var BootID = sync.OnceValues(func() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the boot id: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
})
