package zpool

import (
	"context"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Snapshots expands what zfs destroy takes: zones/a@x,y is two snapshots,
// zones/a@x%z those from x to z, oldest first. A name without these is itself,
// whether it exists or not.
func (h *Host) Snapshots(ctx context.Context, spec string) ([]string, error) {
	of, list, ok := strings.Cut(spec, "@")
	if !ok || !strings.ContainsAny(list, ",%") {
		return []string{spec}, nil
	}
	found, err := h.List(ctx, ListOptions{
		Roots: []string{of}, Recursive: true, Depth: 1,
		Types: []Type{Snapshot}, Props: []string{"name"},
	})
	if err != nil {
		return nil, err
	}
	have := make([]string, len(found))
	for i, d := range found {
		_, have[i], _ = strings.Cut(d.Name, "@")
	}
	var names []string
	for part := range strings.SplitSeq(list, ",") {
		for _, snap := range between(have, part) {
			names = append(names, of+"@"+snap)
		}
	}
	if len(names) == 0 {
		return nil, dataset.As(ErrNotFound, "could not find any snapshots to destroy; check snapshot names.")
	}
	return names, nil
}

// between is the snapshots that one part of a list stands for: x, x%z, %z, x%
// or %.
func between(have []string, part string) []string {
	first, last, isRange := strings.Cut(part, "%")
	if !isRange {
		last = first
	}
	from, to := 0, len(have)-1
	if first != "" || !isRange {
		from = slices.Index(have, first)
	}
	if last != "" || !isRange {
		to = slices.Index(have, last)
	}
	if from < 0 || to < from {
		return nil
	}
	return have[from : to+1]
}

// NameAt is the dataset that a name or a mountpoint (as the mountpoint property
// has it) stands for.
func (h *Host) NameAt(ctx context.Context, nameOrPath string) (string, error) {
	if !strings.HasPrefix(nameOrPath, "/") {
		return nameOrPath, nil
	}
	return h.DatasetAt(ctx, h.root.Join(nameOrPath))
}
