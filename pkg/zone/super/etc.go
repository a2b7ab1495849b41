package super

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/host"
)

// writeEtc puts the zone's name and resolvers into its /etc. What a user edited
// stays: files are written when they are missing, hold what the installer of
// the distribution left, or are ours by maintain-resolvers.
func (s *supervisor) writeEtc() error {
	name := or(s.attr("hostname"), s.Zone)
	if err := s.replaceFile("/etc/hostname", name+"\n"); err != nil {
		return err
	}
	if err := s.createFile("/etc/hosts", hosts(name, s.attr("dns-domain"))); err != nil {
		return err
	}
	if err := s.firstResolvers(); err != nil {
		return err
	}
	if err := s.writeHostID(); err != nil {
		return err
	}
	if sparse(s.config.Brand) {
		return nil
	}
	return s.leaveLinksAlone()
}

// writeHostID makes gethostid(3) answer what the configuration says; the file is
// a number of 32 bits in the machine's order.
func (s *supervisor) writeHostID() error {
	if s.config.HostID == "" {
		return nil
	}
	id, err := strconv.ParseUint(strings.TrimPrefix(s.config.HostID, "0x"), 16, 32)
	if err != nil {
		return fmt.Errorf("hostid %q is not a hexadecimal number of 32 bits", s.config.HostID)
	}
	return s.replaceFile("/etc/hostid", string(binary.NativeEndian.AppendUint32(nil, uint32(id))))
}

// firstResolvers writes resolv.conf at the first boot, and at each when the
// zone is told to maintain it. A note beside the root remembers the first.
func (s *supervisor) firstResolvers() error {
	if s.attr("resolvers") == "" {
		return nil
	}
	dir := filepath.Join(s.root.Join(s.config.Path), "config")
	note := filepath.Join(dir, "resolvers.written")
	_, err := os.Lstat(note)
	if err == nil && s.attr("maintain-resolvers") != "true" {
		return nil
	}
	if err := s.writeResolvers(nil); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(note, nil, 0o644)
}

// unmanaged tells the network managers of distributions to keep their hands off
// the links, which have their addresses before init runs.
var unmanaged = []struct{ dir, name, text string }{
	{"/etc/systemd/network", "00-smartbox.network", "[Match]\nName=*\n[Link]\nUnmanaged=yes\n"},
	{"/etc/NetworkManager/conf.d", "00-smartbox.conf", "[keyfile]\nunmanaged-devices=*\n"},
	{"/etc/cloud/cloud.cfg.d", "99-smartbox.cfg", "network: {config: disabled}\n"},
	{"/etc/network", "interfaces", "# The links of this zone are set up from outside.\nauto lo\niface lo inet loopback\n"},
}

// leaveLinksAlone writes these where the manager's directory is.
func (s *supervisor) leaveLinksAlone() error {
	return s.inDir("/", func(root int) error {
		for _, u := range unmanaged {
			dir, err := host.OpenIn(root, u.dir, unix.O_PATH|unix.O_DIRECTORY)
			if err != nil {
				continue // this distribution has another
			}
			err = replaceAt(dir, u.name, u.text)
			unix.Close(dir)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func hosts(name, domain string) string {
	names := name
	if domain != "" {
		names = name + "." + domain + " " + name
	}
	return "127.0.0.1\tlocalhost\n127.0.1.1\t" + names + "\n::1\tlocalhost ip6-localhost ip6-loopback\n"
}

func (s *supervisor) writeResolvers(learned []netip.Addr) error {
	var b strings.Builder
	if d := s.attr("dns-domain"); d != "" {
		fmt.Fprintf(&b, "search %s\n", d)
	}
	for r := range strings.SplitSeq(s.attr("resolvers"), ",") {
		if r = strings.TrimSpace(r); r != "" {
			fmt.Fprintf(&b, "nameserver %s\n", r)
		}
	}
	for _, r := range learned {
		fmt.Fprintf(&b, "nameserver %s\n", r)
	}
	return s.replaceFile("/etc/resolv.conf", b.String())
}

// createFile writes a file that is missing.
func (s *supervisor) createFile(name, text string) error {
	return s.inDir(path.Dir(name), func(dir int) error {
		var st unix.Stat_t
		if err := unix.Fstatat(dir, path.Base(name), &st, unix.AT_SYMLINK_NOFOLLOW); !errors.Is(err, unix.ENOENT) {
			return err
		}
		return replaceAt(dir, path.Base(name), text)
	})
}

// replaceFile replaces whatever is at name, a symbolic link itself too.
func (s *supervisor) replaceFile(name, text string) error {
	return s.inDir(path.Dir(name), func(dir int) error { return replaceAt(dir, path.Base(name), text) })
}

// inDir calls do with a directory inside the zone's root, which it cannot be
// led out of.
func (s *supervisor) inDir(name string, do func(dir int) error) error {
	root, err := unix.Open(s.rootDir(), unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open root %s: %w", s.root.Display(s.rootDir()), err)
	}
	defer unix.Close(root)
	dir, err := host.MkdirIn(root, name, 0o755)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	return do(dir)
}

// replaceAt writes a file beside and renames it: no link is followed. A file
// that has the text already is left alone.
func replaceAt(dir int, name, text string) error {
	if holds(dir, name, text) {
		return nil
	}
	tmp := "." + name + ".smartbox"
	if err := unix.Unlinkat(dir, tmp, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("write %s: %w", name, err)
	}
	fd, err := unix.Openat(dir, tmp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = unix.Write(fd, []byte(text))
	if err := errors.Join(err, unix.Close(fd)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := unix.Renameat(dir, tmp, dir, name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func holds(dir int, name, text string) bool {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	buf := make([]byte, len(text)+1)
	n, err := unix.Read(fd, buf)
	return err == nil && string(buf[:n]) == text
}
