package zfs

import (
	"bufio"
	"context"
	"strings"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

func (b *Backend) zpool(ctx context.Context, verb string, on map[string]bool, args ...string) error {
	_, err := b.run(ctx, "zpool", append(append([]string{verb}, flags(on)...), args...)...)
	return err
}

// AddDevices makes a pool larger.
func (b *Backend) AddDevices(ctx context.Context, pool string, o dataset.PoolOptions) error {
	return b.zpool(ctx, "add", map[string]bool{"-f": o.Force}, append([]string{pool}, vdevArgs(o)...)...)
}

// vdevArgs are devices behind the words that make them mirrors.
func vdevArgs(o dataset.PoolOptions) []string {
	var args []string
	for i, d := range o.Devices {
		if o.Layout == dataset.Mirror && i == 0 || o.Layout == dataset.Mirrors && i%2 == 0 {
			args = append(args, "mirror")
		}
		args = append(args, d)
	}
	return args
}

// AttachDevice makes a device a mirror, or a mirror one larger.
func (b *Backend) AttachDevice(ctx context.Context, pool, device, with string, force bool) error {
	return b.zpool(ctx, "attach", map[string]bool{"-f": force}, pool, device, with)
}

// DetachDevice takes a device out of a mirror.
func (b *Backend) DetachDevice(ctx context.Context, pool, device string) error {
	return b.zpool(ctx, "detach", nil, pool, device)
}

// ReplaceDevice puts another device in the place of one.
func (b *Backend) ReplaceDevice(ctx context.Context, pool, device, with string, force bool) error {
	return b.zpool(ctx, "replace", map[string]bool{"-f": force}, pool, device, with)
}

// RemoveDevice moves what a device holds to the others and drops it.
func (b *Backend) RemoveDevice(ctx context.Context, pool, device string) error {
	return b.zpool(ctx, "remove", nil, pool, device)
}

// OnlineDevice takes a device in use.
func (b *Backend) OnlineDevice(ctx context.Context, pool, device string, expand bool) error {
	return b.zpool(ctx, "online", map[string]bool{"-e": expand}, pool, device)
}

// OfflineDevice stops using a device.
func (b *Backend) OfflineDevice(ctx context.Context, pool, device string) error {
	return b.zpool(ctx, "offline", nil, pool, device)
}

// Resilver starts copying what devices lack.
func (b *Backend) Resilver(ctx context.Context, pool string) error {
	return b.zpool(ctx, "resilver", nil, pool)
}

// ClearLabel makes a device that no pool uses look empty.
func (b *Backend) ClearLabel(ctx context.Context, device string, force bool) error {
	return b.zpool(ctx, "labelclear", map[string]bool{"-f": force}, device)
}

// Scrub starts, stops or pauses a scrub.
func (b *Backend) Scrub(ctx context.Context, pool, do string, wait bool) error {
	return b.zpool(ctx, "scrub", map[string]bool{"-s": do == dataset.ScrubStop, "-p": do == dataset.ScrubPause, "-w": wait}, pool)
}

// ClearErrors sets error counters to zero.
func (b *Backend) ClearErrors(ctx context.Context, pool, device string) error {
	if device == "" {
		return b.zpool(ctx, "clear", nil, pool)
	}
	return b.zpool(ctx, "clear", nil, pool, device)
}

// Trim tells devices which blocks are free.
func (b *Backend) Trim(ctx context.Context, pool string) error {
	return b.zpool(ctx, "trim", nil, pool)
}

// SyncPool writes everything to the devices.
func (b *Backend) SyncPool(ctx context.Context, pool string) error {
	return b.zpool(ctx, "sync", nil, pool)
}

// Record does nothing: OpenZFS keeps its own history.
func (b *Backend) Record(context.Context, string, dataset.Event) error { return nil }

// History is what OpenZFS noted.
func (b *Backend) History(ctx context.Context, pool string) ([]dataset.Event, error) {
	text, err := b.run(ctx, "zpool", "history", "-l", pool)
	return parseHistory(text), err
}

// parseHistory reads lines like "2026-11-25.03:50:12 zpool create a b [user 0
// (root) on host:linux]".
func parseHistory(text string) []dataset.Event {
	var all []dataset.Event
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		stamp, command, ok := strings.Cut(lines.Text(), " ")
		when, err := time.ParseInLocation("2006-01-02.15:04:05", stamp, time.Local)
		if !ok || err != nil {
			continue
		}
		e := dataset.Event{Time: when, Command: command}
		if i := strings.LastIndex(command, " [user "); i >= 0 {
			e.Command = command[:i]
			e.User, e.Host, _ = strings.Cut(strings.TrimSuffix(command[i+len(" [user "):], "]"), " on ")
		}
		all = append(all, e)
	}
	return all
}
