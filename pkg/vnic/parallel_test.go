package vnic

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// Zones come and go at once, on switches that come and go with them.
func TestParallel_attachAndDetach(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	near, _ := cable(t, "ext0")
	must(t, h.AddTag(context.Background(), "ext", TagSpec{MAC: near.Attrs().HardwareAddr}))
	var wait sync.WaitGroup
	for i := range 6 {
		ns := testenv.Netns(t)
		wait.Go(func() {
			zone := fmt.Sprint("z", i)
			for range 4 {
				if _, err := h.Attach(context.Background(), zone, ns, crashNICs(), nil); err != nil {
					t.Error(err)
				}
				if err := h.Detach(context.Background(), zone); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

// No link is lost or made twice when many are created at once.
func TestParallel_create(t *testing.T) {
	h := newHost(t)
	ctx := context.Background()
	var wait sync.WaitGroup
	made := make([]int, 5)
	var lock sync.Mutex
	for i := range 20 {
		wait.Go(func() {
			name := fmt.Sprint("stub", i%5)
			if h.CreateEtherstub(ctx, name, CreateOptions{Temporary: i%2 == 0}) == nil {
				lock.Lock()
				made[i%5]++
				lock.Unlock()
			}
		})
	}
	wait.Wait()
	links, err := h.Links()
	must(t, err)
	if len(links) != 5 {
		t.Errorf("%d links, want 5", len(links))
	}
	for i, n := range made {
		if n != 1 {
			t.Errorf("stub%d was made %d times", i, n)
		}
		must(t, h.DeleteEtherstub(ctx, fmt.Sprint("stub", i), CreateOptions{}))
	}
}
