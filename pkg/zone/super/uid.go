package super

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/zone/jail"
)

// The ids of zones lie above those that distributions give to people, systemd's
// containers and /etc/subuid.
const (
	firstBase = 0x70000000
	bases     = 0x0ffe // ranges of jail.IDs
)

// claim is a range of ids that no other zone on this host has, whatever its
// root. It is a name in the abstract socket name space: the kernel gives it to
// one only and takes it back when this process ends, however that comes.
type claim struct {
	base uint32
	sock *os.File
}

// claimIDs takes the range that belongs to the zone's name, so that it has the
// same at each boot, or the next that is free.
func claimIDs(root paths.Root, zone string) (*claim, error) {
	h := fnv.New32a()
	h.Write([]byte(root.ID() + "/" + zone))
	at := h.Sum32() % bases
	for range bases {
		base := firstBase + at*jail.IDs
		sock, err := claimBase(base)
		if err == nil {
			return &claim{base, sock}, nil
		}
		if !errors.Is(err, unix.EADDRINUSE) {
			return nil, fmt.Errorf("claim user ids: %w", err)
		}
		at = (at + 1) % bases
	}
	return nil, fmt.Errorf("claim user ids: all %d ranges are in use", bases)
}

func claimBase(base uint32) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: fmt.Sprintf("@smartbox/uid/%d", base)})
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "uid claim"), nil
}
