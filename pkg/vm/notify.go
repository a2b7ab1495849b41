package vm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// notes tells which zones files changed of: configurations, what zoneadmds
// write, journals, and the files in the datasets.
type notes struct {
	fd   int
	h    *Host
	dirs map[int32]func(file string) string // watched directory -> zone's name
	seen map[string]bool
}

const noteMask = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_CLOSE_WRITE | unix.IN_DELETE | unix.IN_DELETE_SELF | unix.IN_ONLYDIR

func (h *Host) notify() (*notes, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("inotify: %w", err)
	}
	n := &notes{fd: fd, h: h, dirs: make(map[int32]func(string) string), seen: make(map[string]bool)}
	for dir, name := range map[string]func(string) string{
		h.root.Zones():                       func(f string) string { return strings.TrimSuffix(f, ".json") },
		filepath.Join(h.root.Run(), "zones"): func(f string) string { return f },
		h.touchDir():                         func(f string) string { return f },
		h.journalDir():                       func(f string) string { return strings.TrimSuffix(strings.TrimSuffix(f, journalEnd), provisionEnd) },
	} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			n.close()
			return nil, err
		}
		if err := n.add(dir, name); err != nil {
			n.close()
			return nil, err
		}
	}
	return n, nil
}

func (n *notes) close() { unix.Close(n.fd) }

func (n *notes) add(dir string, name func(string) string) error {
	wd, err := unix.InotifyAddWatch(n.fd, dir, noteMask)
	if err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	n.dirs[int32(wd)] = name
	return nil
}

// follow watches what belongs to one zone. Directories that are not there yet
// are watched when they are met again; that is no error.
func (n *notes) follow(c *zone.Config) {
	for _, dir := range []string{filepath.Join(n.h.root.Run(), "zones", c.Name), n.h.configDir(c)} {
		if n.seen[dir] {
			if _, err := os.Stat(dir); err == nil {
				continue
			}
		}
		err := n.add(dir, func(string) string { return c.Name })
		n.seen[dir] = err == nil
	}
}

// wait returns the names of zones that something happened to, or none when
// nothing did in time.
func (n *notes) wait(ctx context.Context, most time.Duration) ([]string, error) {
	for end := time.Now().Add(most); ; {
		left := time.Until(end)
		if left <= 0 {
			return nil, ctx.Err()
		}
		const slice = 100 * time.Millisecond // ctx cannot wake a poll
		fds := []unix.PollFd{{Fd: int32(n.fd), Events: unix.POLLIN}}
		count, err := unix.Poll(fds, int(min(left, slice).Milliseconds())+1)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return nil, fmt.Errorf("poll inotify: %w", err)
		case count > 0:
			return n.read()
		}
	}
}

func (n *notes) read() ([]string, error) {
	buf := make([]byte, 64<<10)
	size, err := unix.Read(n.fd, buf)
	if errors.Is(err, unix.EAGAIN) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read inotify: %w", err)
	}
	var names []string
	for buf = buf[:size]; len(buf) >= unix.SizeofInotifyEvent; {
		wd := int32(binary.NativeEndian.Uint32(buf))
		length := binary.NativeEndian.Uint32(buf[12:])
		file := buf[unix.SizeofInotifyEvent : unix.SizeofInotifyEvent+length]
		buf = buf[unix.SizeofInotifyEvent+length:]
		name, ok := n.dirs[wd]
		if !ok {
			continue
		}
		zoneName := name(string(bytes.TrimRight(file, "\x00")))
		if zone.CheckName(zoneName) == nil {
			names = append(names, zoneName)
		}
	}
	return names, nil
}
