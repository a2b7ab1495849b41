package zpool

import "context"

// Doomed names what Destroy with the same options would remove.
func (h *Host) Doomed(ctx context.Context, names []string, o DestroyOptions) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	b, err := h.backend(names[0])
	if err != nil {
		return nil, err
	}
	return b.Doomed(ctx, names, o)
}

// Plan names what Create with the same options would make, with the properties
// that it would set, or says why it could not.
func (h *Host) Plan(ctx context.Context, name string, o CreateOptions) ([]Dataset, error) {
	b, err := h.backend(name)
	if err != nil {
		return nil, err
	}
	return b.Plan(ctx, name, o)
}

// Reclaimed is about how much space comes back when datasets and snapshots are
// destroyed: what is theirs alone.
func (h *Host) Reclaimed(ctx context.Context, names []string) (int64, error) {
	if len(names) == 0 {
		return 0, nil
	}
	found, err := h.List(ctx, ListOptions{
		Roots: names, Props: []string{"used"}, Types: []Type{Filesystem, Volume, Snapshot, Bookmark},
	})
	var sum int64
	for _, d := range found {
		sum += d.Int("used")
	}
	return sum, err
}
