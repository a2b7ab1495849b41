package esp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Where firmware looks for what it starts when nobody told it.
const (
	loaderFile = "EFI/BOOT/BOOTX64.EFI"
	nextFile   = "EFI/BOOT/NEXT.EFI"
)

// Install puts the loader onto an EFI system partition, in the place of one that
// is there. At any moment one of both is whole.
func Install(dev string, loader []byte) error {
	return mounted(dev, 0, func(root string) error {
		if err := notForeign(filepath.Join(root, loaderFile)); err != nil {
			return err
		}
		next := filepath.Join(root, nextFile)
		if err := os.MkdirAll(filepath.Dir(next), 0o755); err != nil {
			return err
		}
		if err := writeSynced(next, loader); err != nil {
			return errors.Join(err, os.Remove(next))
		}
		return os.Rename(next, filepath.Join(root, loaderFile))
	})
}

// Remove takes the loader off; that it was not there is no error.
func Remove(dev string) error {
	return mounted(dev, 0, func(root string) error {
		if err := notForeign(filepath.Join(root, loaderFile)); err != nil {
			return err
		}
		var errs []error
		for _, name := range []string{loaderFile, nextFile} {
			if err := os.Remove(filepath.Join(root, name)); !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	})
}

// Installed reports whether there is a loader.
func Installed(dev string) (is bool, err error) {
	err = mounted(dev, unix.MS_RDONLY, func(root string) error {
		_, err := os.Stat(filepath.Join(root, loaderFile))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err = errors.Join(err, notForeign(filepath.Join(root, loaderFile))); err == nil {
			is = true
		}
		if errors.Is(err, errForeign) {
			return nil
		}
		return err
	})
	return is, err
}

var errForeign = errors.New("another system's loader is there")

// notForeign refuses a loader that was not made of a platform image: it would be
// lost. What a loader is made of stands near its beginning.
func notForeign(name string) error {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 1<<20)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if !bytes.Contains(head[:n], []byte("\nPRETTY_NAME=\"smartbox ")) {
		return errForeign
	}
	return nil
}

// mounted does something in a mounted partition, which is written out and
// unmounted afterwards.
func mounted(dev string, flags uintptr, do func(root string) error) error {
	root, err := os.MkdirTemp("", "esp")
	if err != nil {
		return err
	}
	defer os.Remove(root)
	flags |= unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount(dev, root, "vfat", flags, ""); err != nil {
		return fmt.Errorf("mount the EFI system partition %s: %w", dev, err)
	}
	err = do(root)
	if e := unix.Unmount(root, 0); e != nil {
		err = errors.Join(err, fmt.Errorf("unmount %s: %w", dev, e))
	}
	if err != nil {
		return fmt.Errorf("EFI system partition %s: %w", dev, err)
	}
	return nil
}

func writeSynced(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
