package zone

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/smartbox-os/smartbox/internal/host"
)

// checkPath says all that makes a directory unfit to be c's zonepath for op,
// and warns of what it could not look at.
func (h *Host) checkPath(op string, c *Config, zonepath string) (warnings []string, err error) {
	if !CleanPath(zonepath) || zonepath == "/" {
		return nil, fmt.Errorf("%s is not an absolute path", zonepath)
	}
	dir := h.root.Join(zonepath)
	info, err := os.Lstat(dir)
	missing := errors.Is(err, os.ErrNotExist)
	if err != nil && (!missing || op == "attach") {
		return nil, fmt.Errorf("%s: %w", zonepath, cause(err))
	}
	errs := []error{h.overlap(c, zonepath)}
	if missing {
		if op == "verify" {
			warnings = append(warnings, zonepath+" does not exist, so it could not be verified; install will make it")
		}
		return warnings, errors.Join(append(errs, h.checkParent(zonepath))...)
	}
	errs = append(errs, h.checkDir(zonepath, info), h.checkParent(zonepath))
	if op != "verify" {
		errs[1] = h.mend(dir, errs[1])
	}
	more, err := h.checkMount(zonepath)
	errs = append(errs, err, h.checkDetached(op, c, zonepath))
	return append(warnings, more...), errors.Join(errs...)
}

// mend gives a zonepath the owner and mode that it should have, if that is all
// that is wrong.
func (h *Host) mend(dir string, wrong error) error {
	if wrong == nil || errors.Is(wrong, errUnmendable) {
		return wrong
	}
	h.log.Warn("changing owner to root and permissions to 0700", "zonepath", h.root.Display(dir))
	return errors.Join(os.Chown(dir, 0, 0), os.Chmod(dir, 0o700))
}

// errUnmendable marks what chown and chmod cannot mend.
var errUnmendable = errors.New("unfit as a zonepath")

func (h *Host) checkDir(zonepath string, info fs.FileInfo) error {
	resolved, err := filepath.EvalSymlinks(h.root.Join(zonepath))
	if err != nil {
		return err
	}
	top, err := filepath.EvalSymlinks(h.root.Join())
	if err != nil {
		return err
	}
	switch {
	case resolved != filepath.Join(top, zonepath):
		return fmt.Errorf("%s: a symbolic link leads elsewhere: %w", zonepath, errUnmendable)
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory: %w", zonepath, errUnmendable)
	}
	return errors.Join(owned(zonepath, info), mode(zonepath, info, 0o700, 0o077))
}

// checkParent: nobody but root may be able to replace the zonepath.
func (h *Host) checkParent(zonepath string) error {
	parent := above(zonepath)
	info, err := os.Stat(h.root.Join(parent))
	if errors.Is(err, os.ErrNotExist) {
		return nil // it will be made
	}
	if err != nil {
		return err
	}
	return errors.Join(owned(parent, info), mode(parent, info, 0o700, 0o022))
}

func owned(name string, info fs.FileInfo) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
		return fmt.Errorf("%s is not owned by root", name)
	}
	return nil
}

// mode says which permissions are missing (of need) or too many (of never).
func mode(name string, info fs.FileInfo, need, never fs.FileMode) error {
	var errs []error
	for i, who := range []string{"owner", "group", "world"} {
		for j, what := range []string{"readable", "writable", "executable"} {
			bit := fs.FileMode(0o400) >> (3*i + j)
			switch has := info.Mode().Perm()&bit != 0; {
			case !has && need&bit != 0:
				errs = append(errs, fmt.Errorf("%s must be %s %s", name, who, what))
			case has && never&bit != 0:
				errs = append(errs, fmt.Errorf("%s must not be %s %s", name, who, what))
			}
		}
	}
	return errors.Join(errs...)
}

func (h *Host) checkMount(zonepath string) (warnings []string, err error) {
	fs, err := host.FilesystemAt(h.root.Join(zonepath))
	switch {
	case err != nil:
		return nil, err
	case fs.NFS:
		return nil, fmt.Errorf("zonepath %s is on an NFS mounted file system; a local file system must be used", zonepath)
	case fs.NoSuid:
		return nil, fmt.Errorf("zonepath %s is on a nosuid file system", zonepath)
	case fs.Tmpfs:
		warnings = append(warnings, zonepath+" is on a temporary file system")
	}
	return warnings, nil
}

// checkDetached keeps install and clone off the files of a detached zone.
func (h *Host) checkDetached(op string, c *Config, zonepath string) error {
	if c.State != Configured || op == "attach" {
		return nil
	}
	_, err := os.Lstat(filepath.Join(h.root.Join(zonepath), detachedFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("cannot %s detached zone; use attach or remove the %s directory", op, zonepath)
}
