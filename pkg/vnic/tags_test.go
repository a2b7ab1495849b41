package vnic

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A tag that somebody uses stays, unless nobody is asked.
func TestDeleteTag_inUse(t *testing.T) {
	h := newHost(t)
	ctx := context.Background()
	must(t, h.AddStub(ctx, "stub0"))
	users := func(tag string) ([]string, error) { return []string{"vm-of-" + tag}, nil }
	err := h.DeleteTag(ctx, "stub0", users)
	if !errors.Is(err, ErrBusy) || err.Error() != "nic tag stub0 is in use by vm-of-stub0" {
		t.Errorf("no refusal: %v", err)
	}
	if err := h.DeleteTag(ctx, "stub0", func(string) ([]string, error) { return nil, os.ErrPermission }); !errors.Is(err, os.ErrPermission) {
		t.Errorf("an unknown answer is taken for none: %v", err)
	}
	must(t, h.DeleteTag(ctx, "stub0", nil))
	if tags, err := h.Tags(); len(tags) != 0 || err != nil {
		t.Errorf("still %v, %v", tags, err)
	}
}

// The node's configuration may name etherstubs that were never made here.
func TestTags_stubOfACopiedConfiguration(t *testing.T) {
	h := newHost(t)
	must(t, os.MkdirAll(h.root.Usbkey(), 0o755))
	must(t, os.WriteFile(filepath.Join(h.root.Usbkey(), "config"), []byte("etherstub=stub0\n"), 0o640))
	a := attach(t, h, "a", []NIC{nic("stub0", "10.9.0.1/24")})
	attach(t, h, "b", []NIC{nic("stub0", "10.9.0.2/24")})
	a.reaches("10.9.0.2")
	must(t, h.Detach(context.Background(), "a"))
	must(t, h.Detach(context.Background(), "b"))
	must(t, h.DeleteTag(context.Background(), "stub0", nil))
	info, err := os.Stat(h.usbkeyFile())
	must(t, err)
	if info.Mode().Perm() != 0o640 {
		t.Errorf("mode changed to %v", info.Mode())
	}
}
