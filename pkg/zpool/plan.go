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
