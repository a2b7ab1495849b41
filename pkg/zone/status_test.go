package zone

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/internal/lock"
)

// runs writes what a zoneadmd would, and holds its lock when alive.
func runs(t *testing.T, h *Host, name string, s RunState, alive bool) {
	t.Helper()
	dir := h.runDir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "state.json"), s)
	l, err := lock.Try(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if !alive {
		l.Unlock()
		return
	}
	t.Cleanup(func() { l.Unlock() })
}

func put(t *testing.T, file string, v any) {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func installed(t *testing.T, h *Host, names ...string) {
	t.Helper()
	for _, name := range names {
		c := plain(name)
		c.State = Installed
		mustCreate(t, h, c)
	}
}

func thisBoot(t *testing.T) string {
	t.Helper()
	boot, err := host.BootID()
	if err != nil {
		t.Fatal(err)
	}
	return boot
}

func TestStatus_saysWhatIsTrue(t *testing.T) {
	h := testHost(t)
	boot := thisBoot(t)
	installed(t, h, "never", "alive", "crashed", "rebooted", "garbled", "starting")
	runs(t, h, "alive", RunState{BootID: boot, ID: 3, State: Running}, true)
	runs(t, h, "crashed", RunState{BootID: boot, ID: 4, State: Running}, false)
	runs(t, h, "rebooted", RunState{BootID: "another", ID: 5, State: Running}, false)
	runs(t, h, "garbled", RunState{}, false)
	if err := os.WriteFile(filepath.Join(h.runDir("garbled"), "state.json"), []byte("{\"boot"), 0o600); err != nil {
		t.Fatal(err)
	}
	runs(t, h, "starting", RunState{BootID: "another", ID: 5, State: Running}, true)

	for name, want := range map[string]string{
		"never": "installed", "alive": "running 3", "crashed": "installed, left by 4",
		"rebooted": "installed", "garbled": "installed", "starting": "installed",
	} {
		s, err := h.Status(name)
		if err != nil {
			t.Fatal(err)
		}
		got := string(s.State)
		if s.Run != nil {
			got += fmt.Sprint(" ", s.Run.ID)
		}
		if s.Crashed != nil {
			got += fmt.Sprint(", left by ", s.Crashed.ID)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestStatus_lastEnd(t *testing.T) {
	h := testHost(t)
	installed(t, h, "a", "b")
	end := Exit{Status: 256, Time: time.Unix(1700000000, 0).UTC(), BootID: thisBoot(t)}
	for _, name := range []string{"a", "b"} {
		if err := os.MkdirAll(h.runDir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(h.runDir(name), "exit.json"), end)
		end.BootID = "another"
	}
	if s, err := h.Status("a"); err != nil || s.LastEnd == nil || s.LastEnd.Status != 256 {
		t.Errorf("%+v, %v", s.LastEnd, err)
	}
	if s, err := h.Status("b"); err != nil || s.LastEnd != nil {
		t.Errorf("of an earlier boot: %+v, %v", s.LastEnd, err)
	}
}

func TestList_order(t *testing.T) {
	h := testHost(t)
	installed(t, h, "b", "a", "d", "c")
	runs(t, h, "d", RunState{BootID: thisBoot(t), ID: 1, State: Running}, true)
	runs(t, h, "c", RunState{BootID: thisBoot(t), ID: 2, State: Ready}, true)
	if got := listed(t, h); !slices.Equal(got, []string{"d", "c", "a", "b"}) {
		t.Errorf("%v", got)
	}
}

func listed(t *testing.T, h *Host) []string {
	t.Helper()
	list, err := h.List()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	return names
}

func TestList_oneDamagedFileHidesNoOther(t *testing.T) {
	h := testHost(t)
	installed(t, h, "a", "b", "c")
	good, err := os.ReadFile(h.file("a"))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct{ text, want string }{
		{"", "the text ends"},
		{string(good) + "x", "more data"},
		{strings.Replace(string(good), `"brand"`, `"Brand"`, 1), `it is spelled "brand"`},
		{strings.Replace(string(good), `"brand"`, `"zonename"`, 1), "there twice"},
		{strings.Replace(string(good), `"brand"`, `"flavour"`, 1), "unknown key"},
		{strings.Replace(string(good), `exclusive`, `inclusive`, 1), "neither"},
		{strings.Replace(string(good), `/zones/a`, `/zones/a\u0000`, 1), "NUL"},
		{"\x00\x00\x00", "NUL"},
	} {
		if err := os.WriteFile(h.file("b"), []byte(bad.text), 0o644); err != nil {
			t.Fatal(err)
		}
		list, err := h.List()
		damaged, ok := errors.AsType[*DamagedError](err)
		if !ok || damaged.Zone != "b" || !strings.Contains(err.Error(), bad.want) ||
			!strings.HasPrefix(err.Error(), "zone b: damaged configuration /etc/zones/b.json: ") {
			t.Errorf("%.20q: %v", bad.text, err)
		}
		if len(list) != 2 || list[0].Name != "a" || list[1].Name != "c" {
			t.Errorf("%.20q: list %v", bad.text, list)
		}
	}
}

func TestList_strangersInTheDirectory(t *testing.T) {
	h := testHost(t)
	if got := listed(t, h); got != nil {
		t.Errorf("of nothing: %v", got)
	}
	installed(t, h, "a")
	for _, name := range []string{".a.json.tmp1", "README", ".json", "global.json", "b.json~"} {
		if err := os.WriteFile(filepath.Join(h.root.Zones(), name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := listed(t, h); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%v", got)
	}
}

// typical is as large as a machine that vmadm keeps.
func typical(i int) *Config {
	c := plain(fmt.Sprintf("%08d-0000-4000-8000-000000000000", i))
	c.State, c.UUID = Installed, c.Name
	for n := range 2 {
		c.Net = append(c.Net, Net{
			Physical: fmt.Sprint("net", n), MAC: "02:08:20:00:00:01", GlobalNIC: "external",
			Props: map[string]string{
				"ip": "10.0.0.2", "ips": "10.0.0.2/24,addrconf", "netmask": "255.255.255.0",
				"gateway": "10.0.0.1", "gateways": "10.0.0.1", "primary": "true",
			},
		})
	}
	for _, name := range []string{
		"zone.cpu-shares", "zone.cpu-cap", "zone.max-lwps", "zone.max-physical-memory",
		"zone.max-swap", "zone.max-locked-memory", "zone.max-shm-memory", "zone.max-msg-ids", "zone.zfs-io-priority",
	} {
		c.Rctls = append(c.Rctls, Rctl{name, []RctlValue{{"privileged", "1073741824", "deny"}}})
	}
	for n := range 15 {
		c.Attrs = append(c.Attrs, Attr{fmt.Sprint("attribute-", n), "string", "a value of some length, base64 for example"})
	}
	return c
}

func BenchmarkList1000(b *testing.B) {
	h := testHost(b)
	for i := range 1000 {
		mustCreate(b, h, typical(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		if list, err := h.List(); err != nil || len(list) != 1000 {
			b.Fatal(len(list), err)
		}
	}
}

func TestList_looksAtWhatHasRunAlone(t *testing.T) {
	h := testHost(t)
	for _, name := range []string{"never", "once", "now"} {
		installed(t, h, name)
	}
	runs(t, h, "once", RunState{BootID: thisBoot(t), ID: 3, State: Running}, false)
	runs(t, h, "now", RunState{BootID: thisBoot(t), ID: 4, State: Running}, true)
	list, err := h.List()
	if err != nil || len(list) != 3 {
		t.Fatalf("%d zones, %v", len(list), err)
	}
	for _, s := range list {
		one, err := h.Status(s.Name)
		if err != nil {
			t.Fatal(err)
		}
		if s.State != one.State || (s.Run == nil) != (one.Run == nil) || (s.Crashed == nil) != (one.Crashed == nil) {
			t.Errorf("%s: the list says %+v, the status %+v", s.Name, s, one)
		}
	}
}
