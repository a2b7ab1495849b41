package zone

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// OwnNameFile tells a zone its name; it is on a read-only mount that the host
// made. The host itself has none.
const OwnNameFile = "/native/zonename"

// Own is the name of the zone that this process is in.
func Own() (string, error) {
	data, err := os.ReadFile(OwnNameFile)
	if errors.Is(err, os.ErrNotExist) {
		return Global, nil
	}
	if err != nil {
		return "", fmt.Errorf("name of this zone: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}
