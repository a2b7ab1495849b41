package super

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// resizeTmp gives /tmp of a running zone the size that the configuration asks
// for. A zone that was booted without one, or has put another thing there, gets
// its size with the next boot.
func (s *supervisor) resizeTmp() error {
	mib, err := strconv.ParseUint(s.attr("tmpfs"), 10, 32)
	if err != nil || mib == 0 || s.run.Init.Pid == 0 {
		return nil
	}
	tmp, err := s.openTmp()
	if err != nil {
		return nil // the zone's root has its own mind about /tmp
	}
	defer unix.Close(tmp)
	var st unix.Statfs_t
	if err := unix.Fstatfs(tmp, &st); err != nil || st.Type != unix.TMPFS_MAGIC {
		return nil
	}
	fs, err := unix.Fspick(tmp, "", unix.FSPICK_CLOEXEC|unix.FSPICK_EMPTY_PATH)
	if err != nil {
		return fmt.Errorf("resize /tmp: %w", err)
	}
	defer unix.Close(fs)
	if err := unix.FsconfigSetString(fs, "size", strconv.FormatUint(mib<<20, 10)); err != nil {
		return fmt.Errorf("resize /tmp: %w", err)
	}
	if err := unix.FsconfigReconfigure(fs); err != nil {
		return fmt.Errorf("resize /tmp to %d MiB: %w", mib, err)
	}
	return nil
}

// openTmp opens /tmp as the zone sees it, without leaving its root.
func (s *supervisor) openTmp() (int, error) {
	root, err := unix.Open(fmt.Sprintf("/proc/%d/root", s.run.Init.Pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(root)
	return unix.Openat2(root, "tmp", &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
}
