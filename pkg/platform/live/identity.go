package live

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/paths"
)

// machineID is where programs look for what tells this machine from others.
const machineID = "/etc/machine-id"

// identity puts the machine's id, which is made once and kept on the pool, into
// the system.
func identity(root paths.Root, file string) error {
	kept := filepath.Join(root.Usbkey(), "machine-id")
	id, err := os.ReadFile(kept)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text := strings.TrimSpace(string(id))
	if raw, err := hex.DecodeString(text); err != nil || len(raw) != 16 {
		raw = make([]byte, 16)
		if _, err := rand.Read(raw); err != nil {
			return err
		}
		text = hex.EncodeToString(raw)
		if err := atomicfile.Write(kept, []byte(text+"\n"), 0o644); err != nil {
			return fmt.Errorf("machine id: %w", err)
		}
	}
	return os.WriteFile(file, []byte(text+"\n"), 0o444)
}
