package zpool

import (
	"context"
	"io"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// Receive makes datasets and snapshots of a ZFS send stream. Nothing of a
// snapshot is seen before all of it has come; the stream is verified on the
// way, also where OpenZFS receives it.
func (h *Host) Receive(ctx context.Context, target string, src io.Reader, o dataset.ReceiveOptions) error {
	return h.with(target, func(b keeper) error { return b.Receive(ctx, target, src, o) })
}

// AbortReceive drops what was kept of a stream that was cut.
func (h *Host) AbortReceive(ctx context.Context, name string) error {
	return h.with(name, func(b keeper) error { return b.AbortReceive(ctx, name) })
}

// Send writes a snapshot, or several, as a ZFS send stream.
func (h *Host) Send(ctx context.Context, snapshot string, dst io.Writer, o dataset.SendOptions) error {
	name := snapshot
	if o.Token != "" {
		t, err := zstream.ParseToken(o.Token)
		if err != nil {
			return dataset.As(err, "cannot resume send: %v", err)
		}
		name = t.ToName
	}
	return h.with(name, func(b keeper) error { return b.Send(ctx, snapshot, dst, o) })
}
