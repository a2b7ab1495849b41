package vm

import (
	"context"
	"errors"

	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// CreateImage makes an image of a machine that is stopped, and stays so
// meanwhile. Of the options the dataset and what follows from the machine are
// filled in.
func (h *Host) CreateImage(ctx context.Context, uuid string, o img.CreateOptions) (*img.Created, error) {
	if err := h.mendAll(ctx); err != nil {
		return nil, err
	}
	s, release, err := h.take(ctx, uuid)
	if errors.Is(err, zone.ErrNotFound) {
		return nil, &img.Error{Code: img.CodeVMNotFound, Err: worded("vm not found: %s", uuid)}
	}
	if err != nil {
		return nil, err
	}
	defer release()
	m := h.machine(ctx, s)
	switch {
	case s.State != zone.Installed:
		return nil, &img.Error{
			Code: img.CodeVMNotStopped, Hint: "vmadm stop " + uuid,
			Err: worded("vm %s is not stopped (its state is %s)", uuid, m.StateName()),
		}
	case len(s.Config.Datasets) > 0:
		return nil, &img.Error{Code: img.CodeUnsupported, Err: worded("vm %s has delegated datasets, which an image cannot hold", uuid)}
	}
	if err := h.mounted(ctx, s.Config); err != nil {
		return nil, err
	}
	text := func(property string) string {
		value, err := m.Value(property)
		found, ok := value.(string)
		if err != nil || !ok {
			return ""
		}
		return found
	}
	o.Dataset, o.Brand, o.Origin = datasetOf(s.Config), s.Config.Brand, text("image_uuid")
	if o.Owner = text("owner_uuid"); o.Owner == "" {
		o.Owner = zeroUUID
	}
	return h.images.Create(ctx, o)
}
