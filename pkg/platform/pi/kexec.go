package pi

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/platform"
)

// EnteredWord on the kernel's command line says that another image entered this
// one.
const EnteredWord = "smartbox.entered"

// LoadKexec checks an image once more and readies the kernel to enter it. The
// command line is this system's.
func (s *Store) LoadKexec(stamp, commandLine string) error {
	dir := s.path(stamp)
	m, err := platform.Verify(dir, s.Keys)
	if err != nil {
		return fmt.Errorf("platform %s: %w", stamp, err)
	}
	if m.Stamp != stamp {
		return fmt.Errorf("platform %s: its manifest is of %s", stamp, m.Stamp)
	}
	kernel, err := os.Open(filepath.Join(dir, platform.KernelFile))
	if err != nil {
		return err
	}
	defer kernel.Close()
	initramfs, err := os.Open(filepath.Join(dir, platform.InitramfsFile))
	if err != nil {
		return err
	}
	defer initramfs.Close()
	words := append(Entered(commandLine), EnteredWord)
	err = unix.KexecFileLoad(int(kernel.Fd()), int(initramfs.Fd()), strings.Join(words, " "), 0)
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("platform %s: the kernel is locked down and enters no other (%w)", stamp, err)
	}
	if err != nil {
		return fmt.Errorf("platform %s: kexec: %w", stamp, err)
	}
	return nil
}

// Entered is a command line without what belongs to this boot alone.
func Entered(commandLine string) []string {
	var words []string
	for w := range strings.FieldsSeq(commandLine) {
		if w != EnteredWord && !strings.HasPrefix(w, "initrd=") && !strings.HasPrefix(w, "BOOT_IMAGE=") {
			words = append(words, w)
		}
	}
	return words
}

// WasEntered reports whether another image entered this one.
func WasEntered(commandLine string) bool {
	for w := range strings.FieldsSeq(commandLine) {
		if w == EnteredWord {
			return true
		}
	}
	return false
}
