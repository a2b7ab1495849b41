package super

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func itoa(n int) string    { return strconv.Itoa(n) }
func utoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

func badAttr(name, value, want string) error {
	return fmt.Errorf("attr %s: %q is not %s", name, value, want)
}

// hostProcessors counts the processors of the host, whatever this process may
// use of them.
func hostProcessors() int {
	data, err := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil {
		return 1
	}
	n := 0
	for part := range strings.SplitSeq(strings.TrimSpace(string(data)), ",") {
		low, high, ok := strings.Cut(part, "-")
		if !ok {
			high = low
		}
		a, _ := strconv.Atoi(low) // the kernel's own list
		b, _ := strconv.Atoi(high)
		n += b - a + 1
	}
	return max(n, 1)
}
