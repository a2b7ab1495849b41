package zone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

func testHost(t testing.TB) *Host {
	t.Helper()
	return New(testenv.Root(t), slog.New(slog.DiscardHandler))
}

// plain is a small valid configuration.
func plain(name string) *Config {
	return &Config{Name: name, Path: "/zones/" + name, Brand: "joyent-minimal", IPType: Exclusive, State: Configured}
}

func mustCreate(t testing.TB, h *Host, c *Config) {
	t.Helper()
	if err := h.Create(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

func TestCreate_roundTrip(t *testing.T) {
	h := testHost(t)
	c := plain("a")
	c.Net = []Net{{Physical: "net0", VLAN: 7, Props: map[string]string{"ip": "dhcp"}}}
	c.Rctls = []Rctl{{"zone.max-lwps", []RctlValue{{"privileged", "300", "deny"}}}}
	c.Attrs = []Attr{{"alias", "string", `a "b" <c>`}}
	c.CPU = &CPUSet{NCPUs: "1-2"}
	mustCreate(t, h, c)
	got, err := h.Load("a")
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Fatalf("%v\n got %+v\nwant %+v", err, got, c)
	}
	if got.DID != 1 {
		t.Errorf("first debug id is %d", got.DID)
	}
	if err := h.Create(t.Context(), plain("a")); !errors.Is(err, ErrExists) {
		t.Errorf("second create: %v", err)
	}
	text, _ := os.ReadFile(h.file("a"))
	if !strings.Contains(string(text), `"value": "a \"b\" <c>"`) {
		t.Errorf("not readable:\n%s", text)
	}
}

func TestCreate_refuses(t *testing.T) {
	h := testHost(t)
	for want, change := range map[string]func(*Config){
		"zone name \"../x\" must begin":          func(c *Config) { c.Name = "../x" },
		"is reserved":                            func(c *Config) { c.Name = "global" },
		"may only have letters":                  func(c *Config) { c.Name = "a/b" },
		"at most 63":                             func(c *Config) { c.Name = strings.Repeat("a", 64) },
		"zonepath is missing":                    func(c *Config) { c.Path = "" },
		"zonepath \"/zones/../etc\" is not":      func(c *Config) { c.Path = "/zones/../etc" },
		"zonepath \"/\" is not":                  func(c *Config) { c.Path = "/" },
		"brand is missing":                       func(c *Config) { c.Brand = "" },
		"ip-type \"Shared\" is neither":          func(c *Config) { c.IPType = "Shared" },
		"state \"running\" cannot be stored":     func(c *Config) { c.State = Running },
		"zone name \"a\\x00b\" may only have le": func(c *Config) { c.Name = "a\x00b" },
	} {
		c := plain("z")
		change(c)
		if err := h.Create(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if names, _ := h.names(); len(names) > 0 {
		t.Errorf("left %v", names)
	}
}

func TestEdit_errorLeavesAllAsItWas(t *testing.T) {
	h := testHost(t)
	mustCreate(t, h, plain("a"))
	before, _ := os.ReadFile(h.file("a"))
	boom := errors.New("boom")
	for _, change := range []func(*Config) error{
		func(c *Config) error { c.Autoboot = true; return boom },
		func(c *Config) error { c.IPType = "x"; return nil },
		func(c *Config) error { c.Name = "b"; return nil },
	} {
		if err := h.Edit(t.Context(), "a", change); err == nil {
			t.Error("no error")
		}
	}
	if after, _ := os.ReadFile(h.file("a")); string(after) != string(before) {
		t.Errorf("changed to\n%s", after)
	}
	if err := h.Edit(t.Context(), "none", func(*Config) error { return nil }); !errors.Is(err, ErrNotFound) {
		t.Errorf("edit of nothing: %v", err)
	}
}

func TestEdit_parallelLosesNothing(t *testing.T) {
	h := testHost(t)
	mustCreate(t, h, plain("a"))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for j := range 5 {
				err := h.Edit(t.Context(), "a", func(c *Config) error {
					c.Attrs = append(c.Attrs, Attr{fmt.Sprintf("a%d-%d", i, j), "int", "1"})
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if c, err := h.Load("a"); err != nil || len(c.Attrs) != 100 {
		t.Errorf("%d of 100 edits are there: %v", len(c.Attrs), err)
	}
}

func TestCreate_parallel(t *testing.T) {
	h := testHost(t)
	var wg sync.WaitGroup
	won := make([]int, 10)
	for i := range 40 {
		wg.Go(func() {
			err := h.Create(t.Context(), plain(fmt.Sprint("z", i%10)))
			if err != nil && !errors.Is(err, ErrExists) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := h.List()
	if err != nil || len(list) != 10 {
		t.Fatalf("%d zones, %v", len(list), err)
	}
	for _, z := range list {
		if z.Config.DID < 1 || z.Config.DID > 10 || won[z.Config.DID-1] > 0 {
			t.Fatalf("%s has debug id %d", z.Name, z.Config.DID)
		}
		won[z.Config.DID-1]++
	}
}

func TestCreate_debugIDsAreNeverReused(t *testing.T) {
	h := testHost(t)
	mustCreate(t, h, plain("a"))
	mustCreate(t, h, plain("b"))
	if err := h.Remove(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	c := plain("c")
	mustCreate(t, h, c)
	if c.DID != 3 {
		t.Errorf("debug id %d after 2 was given", c.DID)
	}
	if err := os.WriteFile(filepath.Join(h.root.Zones(), ".ids.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := plain("d")
	mustCreate(t, h, d)
	if d.DID != 4 {
		t.Errorf("debug id %d with a damaged counter", d.DID)
	}
}

func TestRemove_leavesNothing(t *testing.T) {
	h := testHost(t)
	mustCreate(t, h, plain("a"))
	if err := os.MkdirAll(h.runDir("a"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := h.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := h.Remove(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("second remove: %v", err)
	}
	var left []string
	filepath.WalkDir(string(h.root), func(path string, d os.DirEntry, err error) error {
		if strings.Contains(d.Name(), "a.") || d.Name() == "a" {
			left = append(left, path)
		}
		return err
	})
	if len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestRemove_installedIsRefused(t *testing.T) {
	h := testHost(t)
	c := plain("a")
	c.State = Installed
	mustCreate(t, h, c)
	err := h.Remove(t.Context(), "a")
	if state, ok := errors.AsType[*StateError](err); !ok || state.State != Installed {
		t.Errorf("%v", err)
	}
}

func TestRename(t *testing.T) {
	h := testHost(t)
	mustCreate(t, h, plain("a"))
	mustCreate(t, h, plain("b"))
	if err := h.Rename(t.Context(), "a", "b"); !errors.Is(err, ErrExists) {
		t.Errorf("onto another: %v", err)
	}
	if err := h.Rename(t.Context(), "a", "c"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Load("a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the old name: %v", err)
	}
	if c, err := h.Load("c"); err != nil || c.Name != "c" || c.DID != 1 {
		t.Errorf("the new name: %+v, %v", c, err)
	}
}

func TestHold(t *testing.T) {
	h := testHost(t)
	mustCreate(t, h, plain("a"))
	ctx, release, err := h.Hold(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, inner, err := h.Hold(ctx, "a"); err != nil {
		t.Errorf("joining in: %v", err)
	} else {
		inner()
	}
	started := time.Now()
	if _, _, err := h.Hold(t.Context(), "a"); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	if waited := time.Since(started); waited < patience {
		t.Errorf("gave up after %v", waited)
	}
	if _, other, err := h.Hold(t.Context(), "b"); err != nil {
		t.Errorf("another zone: %v", err)
	} else {
		other()
	}
	release()
	if _, again, err := h.Hold(t.Context(), "a"); err != nil {
		t.Errorf("after release: %v", err)
	} else {
		again()
	}
	if _, err := os.Stat(h.lockFile("b", "op")); !errors.Is(err, os.ErrNotExist) {
		t.Error("holding a zone that does not exist left its lock")
	}
}
