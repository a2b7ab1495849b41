package vnic

import (
	"context"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

func BenchmarkAttachDetach(b *testing.B) {
	h := newHost(b)
	etherstub(b, h, "stub0")
	for name, nics := range map[string][]NIC{"none": nil, "one": {nic("stub0", "10.9.0.1/24")}} {
		b.Run(name, func(b *testing.B) {
			ns := testenv.Netns(b)
			for b.Loop() {
				_, err := h.Attach(context.Background(), "z", ns, nics, nil)
				must(b, err)
				must(b, h.Detach(context.Background(), "z"))
			}
		})
	}
}
