package super

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone/jail"
)

// sparse reports whether a brand's zones use the host's programs.
func sparse(brand string) bool { return brand == "joyent" || brand == "joyent-minimal" }

// hostDirs are what a sparse zone sees of the host, read-only. On most hosts all
// but the first are links into it.
var hostDirs = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}

// hostFiles belong to the host's programs, not to the zone's configuration.
var hostFiles = []string{"/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl/certs"}

func (s *supervisor) brandMounts(spec *jail.Spec) error {
	if !sparse(s.config.Brand) {
		return nil
	}
	for _, dir := range hostDirs {
		target, err := os.Readlink(dir)
		switch {
		case err == nil:
			if err := s.rootLink(dir, target); err != nil {
				return err
			}
		case errors.Is(err, unix.EINVAL):
			spec.Mounts = append(spec.Mounts, hostBind(dir))
		case !errors.Is(err, os.ErrNotExist):
			return err
		}
	}
	for _, file := range hostFiles {
		m := hostBind(file)
		m.Optional = true
		spec.Mounts = append(spec.Mounts, m)
	}
	return nil
}

// hostBind keeps setuid programs: shifted, they give no more than the zone's
// own root.
func hostBind(path string) jail.Mount {
	return jail.Mount{Target: path, Source: path, Idmap: true, Attr: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NODEV}
}

// rootLink makes a link of the host's in the zone's root, unless something is
// there.
func (s *supervisor) rootLink(name, target string) error {
	root, err := unix.Open(s.rootDir(), unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open root %s: %w", s.rootDir(), err)
	}
	defer unix.Close(root)
	err = unix.Symlinkat(target, root, strings.TrimPrefix(name, "/"))
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("link %s: %w", name, err)
	}
	return nil
}

// addFS adds the fs resources: binds of the host's directories, with their
// owners shifted, and file systems in memory.
func (s *supervisor) addFS(spec *jail.Spec) error {
	for _, fs := range s.config.FS {
		m := jail.Mount{Target: fs.Dir}
		var rest []string
		m.Attr, rest = mountAttrs(fs.Options)
		switch fs.Type {
		case "lofs", "bind", "none":
			m.Source, m.Idmap, m.Tree = s.special(fs.Special), true, true
		case "tmpfs":
			m.FS = fs.Type
			m.Attr |= unix.MOUNT_ATTR_NODEV
			m.Options = append([]string{"uid=" + utoa(s.run.UIDBase), "gid=" + utoa(s.run.UIDBase), "mode=755"}, rest...)
		default:
			return fmt.Errorf("fs %s: type %q is not supported; lofs and tmpfs are", fs.Dir, fs.Type)
		}
		spec.Mounts = append(spec.Mounts, m)
	}
	return nil
}

// special is a path of the host: below a movable root when it lies there, as a
// dataset does, else as it is.
func (s *supervisor) special(name string) string {
	inside := s.root.Join(name)
	if _, err := os.Lstat(inside); err == nil {
		return inside
	}
	return filepath.Clean(name)
}

// mountAttrs translates mount options; what it does not know is left for the
// file system.
func mountAttrs(options []string) (attr uint64, rest []string) {
	attr = unix.MOUNT_ATTR_NODEV
	known := map[string]uint64{
		"ro": unix.MOUNT_ATTR_RDONLY, "nosuid": unix.MOUNT_ATTR_NOSUID, "nosetuid": unix.MOUNT_ATTR_NOSUID,
		"noexec": unix.MOUNT_ATTR_NOEXEC, "noatime": unix.MOUNT_ATTR_NOATIME,
		"rw": 0, "nodev": 0, "nodevices": 0, "setuid": 0, "suid": 0, "exec": 0, "devices": 0,
	}
	for _, o := range options {
		if a, ok := known[o]; ok {
			attr |= a
		} else {
			rest = append(rest, o)
		}
	}
	return attr, rest
}
