package vm

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool"
)

func TestGuard_isAHeldSnapshot(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	u := w.create(tiny(1, `"indestructible_zoneroot":true`))
	set := "zones/" + u
	held := func() int {
		list, err := w.pools.Holds(ctx, []string{guardOf(set)}, false)
		if err != nil && !errors.Is(err, zpool.ErrNotFound) {
			t.Fatal(err)
		}
		return len(list)
	}
	w.want(u, map[string]string{"indestructible_zoneroot": "true", "snapshots": "[]"})
	if held() != 1 {
		t.Errorf("%d holds", held())
	}
	if err := w.pools.Destroy(ctx, set, zpool.DestroyOptions{Recursive: true, Force: true}); err == nil {
		t.Fatal("zfs destroy takes a guarded machine")
	}
	w.must(w.Update(ctx, u, parse(t, `{"indestructible_zoneroot":true,"alias":"again"}`)))
	w.want(u, map[string]string{"indestructible_zoneroot": "true", "alias": `"again"`})

	// Who releases the hold has taken the guard away; the flag can be set again.
	w.must(w.pools.Release(ctx, []string{guardOf(set)}, guardTag, false))
	w.want(u, map[string]string{"indestructible_zoneroot": ""})
	w.must(w.Update(ctx, u, parse(t, `{"indestructible_zoneroot":true}`)))
	w.want(u, map[string]string{"indestructible_zoneroot": "true"})

	w.must(w.Update(ctx, u, parse(t, `{"indestructible_zoneroot":false}`)))
	w.must(w.Update(ctx, u, parse(t, `{"indestructible_zoneroot":false}`)))
	w.want(u, map[string]string{"indestructible_zoneroot": ""})
	if _, err := w.pools.Get(ctx, guardOf(set), "name"); !errors.Is(err, zpool.ErrNotFound) {
		t.Errorf("the snapshot of the guard: %v", err)
	}
	w.must(w.Delete(ctx, u))
	w.gone(u)
}

// An update that fails leaves the guard as it was.
func TestGuard_ofAFailedUpdate(t *testing.T) {
	w := newWorld(t)
	for i, c := range []struct{ before, after string }{{"true", "false"}, {"false", "true"}} {
		u := w.create(tiny(i, `"autoboot":true,"indestructible_zoneroot":`+c.before+`,`+
			`"nics":[{"nic_tag":"stub0","ip":"10.77.0.`+string(rune('5'+i))+`","netmask":"255.255.0.0"}]`))
		err := w.Update(t.Context(), u, parse(t, `{"indestructible_zoneroot":`+c.after+`,"set_routes":{"10.99.0.0/16":"192.0.2.1"}}`))
		if err == nil {
			t.Fatal("the update did not fail")
		}
		want := map[string]string{"true": "true", "false": ""}[c.before]
		w.want(u, map[string]string{"indestructible_zoneroot": want, "routes": "{}"})
	}
}

func TestGuard_survivesARollback(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	u := w.create(tiny(1, ""))
	file := filepath.Join(w.root.Join("zones", u), "root/file")
	w.must(os.WriteFile(file, []byte("before"), 0o600))
	w.must(w.CreateSnapshot(ctx, u, "s"))
	w.must(w.Update(ctx, u, parse(t, `{"indestructible_zoneroot":true}`)))
	w.must(os.WriteFile(file, []byte("after"), 0o600))
	w.must(w.RollbackSnapshot(ctx, u, "s"))
	if got := w.inZone(u, "cat /file"); got != "before" {
		t.Errorf("the file is %q", got)
	}
	w.want(u, map[string]string{"indestructible_zoneroot": "true"})
	if err := w.Delete(ctx, u); err == nil {
		t.Error("it was deleted")
	}
	w.want(u, map[string]string{"state": `"running"`})
}
