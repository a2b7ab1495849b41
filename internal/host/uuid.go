package host

import (
	"errors"
	"os"
	"strings"
)

// MachineUUID names this host for good: the firmware's UUID where it has a
// sensible one, else the machine id of the installed system.
func MachineUUID() (string, error) {
	if id, err := os.ReadFile("/sys/class/dmi/id/product_uuid"); err == nil {
		if uuid := asUUID(string(id)); uuid != "" {
			return uuid, nil
		}
	}
	id, err := os.ReadFile("/etc/machine-id")
	if err != nil {
		return "", err
	}
	uuid := asUUID(string(id))
	if uuid == "" {
		return "", errors.New("/etc/machine-id holds no machine id")
	}
	return uuid, nil
}

// asUUID writes 32 hex digits, with or without dashes, as a UUID; all digits
// alike is what careless firmware says of every machine.
func asUUID(text string) string {
	digits := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(text), "-", ""))
	if len(digits) != 32 || strings.Trim(digits, "0123456789abcdef") != "" || strings.Trim(digits, digits[:1]) == "" {
		return ""
	}
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}
