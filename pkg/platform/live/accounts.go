package live

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/paths"
)

// shadowFile is kept on the pool.
func shadowFile(root paths.Root) string { return filepath.Join(root.Usbkey(), "shadow") }

// accounts puts root's password and keys, as the pool has them, into the
// system. Without any the console asks for no password: whoever is there could
// boot anything.
func accounts(root paths.Root) error {
	shadow, err := os.ReadFile(shadowFile(root))
	if errors.Is(err, os.ErrNotExist) {
		shadow, err = []byte("root::::::::\n"), nil
	}
	if err != nil {
		return err
	}
	if err := os.WriteFile("/etc/shadow", shadow, 0o600); err != nil {
		return fmt.Errorf("password: %w", err)
	}
	keys, err := os.ReadFile(filepath.Join(root.Usbkey(), "authorized_keys"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll("/root/.ssh", 0o700); err != nil {
		return err
	}
	return os.WriteFile("/root/.ssh/authorized_keys", keys, 0o600)
}
