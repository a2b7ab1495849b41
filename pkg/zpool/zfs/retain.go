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

// Diff tells what changed from a snapshot to a later state.
func (b *Backend) Diff(ctx context.Context, from, to string) ([]dataset.Difference, error) {
	text, runErr := b.run(ctx, "zfs", "diff", "-FHt", from, to)
	at, err := b.run(ctx, "zfs", "get", "-Hpo", "value", "mountpoint", to)
	if err != nil || strings.Contains(to, "@") {
		of, _ := dataset.Base(to)
		at, err = b.run(ctx, "zfs", "get", "-Hpo", "value", "mountpoint", of)
	}
	all, parseErr := parseDiff(text, strings.TrimSpace(at))
	return all, errors.Join(runErr, err, parseErr)
}

// parseDiff reads lines of time, kind, type, path and the path it was renamed
// to, tabs between.
func parseDiff(text, mountpoint string) ([]dataset.Difference, error) {
	var all []dataset.Difference
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) < 4 || len(f[1]) == 0 || len(f[2]) == 0 {
			return all, fmt.Errorf("zfs diff printed what was not expected: %q", line)
		}
		seconds, nanos, _ := strings.Cut(strings.TrimSpace(f[0]), ".")
		s, err := strconv.ParseInt(seconds, 10, 64)
		n, err2 := strconv.ParseInt(nanos, 10, 64)
		if err := errors.Join(err, err2); err != nil {
			return all, fmt.Errorf("zfs diff printed what was not expected: %w", err)
		}
		d := dataset.Difference{Time: time.Unix(s, n), Kind: f[1][0], Type: f[2][0], Path: below(f[3], mountpoint)}
		if len(f) > 4 {
			d.To = below(f[4], mountpoint)
		}
		all = append(all, d)
	}
	return all, nil
}

// below is a path as seen from the filesystem's root, escapes undone.
func below(path, mountpoint string) string {
	path = strings.TrimPrefix(strings.TrimPrefix(path, mountpoint), "/")
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '\\' && i+5 <= len(path) {
			if n, err := strconv.ParseUint(path[i+1:i+5], 8, 8); err == nil { // \0040
				b.WriteByte(byte(n))
				i += 4
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

// Owners sums what each user or group has in a dataset.
func (b *Backend) Owners(ctx context.Context, name string, groups bool) ([]dataset.Owner, error) {
	verb := "userspace"
	if groups {
		verb = "groupspace"
	}
	text, runErr := b.run(ctx, "zfs", verb, "-Hpn", "-o", "name,used,objused", name)
	var all []dataset.Owner
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) < 2 {
			continue
		}
		id, err := strconv.ParseUint(f[0], 10, 32)
		if err != nil {
			continue // a SID
		}
		used, _ := strconv.ParseInt(f[1], 10, 64)
		o := dataset.Owner{ID: uint32(id), Used: used}
		if len(f) > 2 {
			o.Files, _ = strconv.ParseInt(f[2], 10, 64)
		}
		all = append(all, o)
	}
	return all, runErr
}
