package zfs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Hold gives snapshots a tag.
func (b *Backend) Hold(ctx context.Context, snapshots []string, tag string, recursive bool) error {
	return b.tag(ctx, "hold", snapshots, tag, recursive)
}

// Release takes a tag away.
func (b *Backend) Release(ctx context.Context, snapshots []string, tag string, recursive bool) error {
	return b.tag(ctx, "release", snapshots, tag, recursive)
}

func (b *Backend) tag(ctx context.Context, verb string, snapshots []string, tag string, recursive bool) error {
	args := append([]string{verb}, flags(map[string]bool{"-r": recursive})...)
	_, err := b.run(ctx, "zfs", append(append(args, tag), snapshots...)...)
	return err
}

// Holds lists the tags of snapshots.
func (b *Backend) Holds(ctx context.Context, snapshots []string, recursive bool) ([]dataset.Hold, error) {
	args := append([]string{"holds", "-H"}, flags(map[string]bool{"-r": recursive})...)
	text, runErr := b.run(ctx, "zfs", append(args, snapshots...)...)
	all, err := parseHolds(text)
	return all, errors.Join(runErr, err)
}

// holdTime is how zfs holds prints a time; newer ones print seconds with -p.
const holdTime = "Mon Jan _2 15:04 2006"

func parseHolds(text string) ([]dataset.Hold, error) {
	var all []dataset.Hold
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 {
			return all, fmt.Errorf("zfs holds printed what was not expected: %q", line)
		}
		hold := dataset.Hold{Snapshot: f[0], Tag: f[1]}
		if n, err := strconv.ParseInt(f[2], 10, 64); err == nil {
			hold.Given = time.Unix(n, 0)
		} else if hold.Given, err = time.ParseInLocation(holdTime, f[2], time.Local); err != nil {
			return all, fmt.Errorf("zfs holds printed what was not expected: %w", err)
		}
		all = append(all, hold)
	}
	return all, nil
}

// Bookmark remembers a snapshot or bookmark under a name.
func (b *Backend) Bookmark(ctx context.Context, source, name string) error {
	_, err := b.run(ctx, "zfs", "bookmark", source, name)
	return err
}
