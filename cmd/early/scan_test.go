package early

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/strictjson"
	zones "github.com/smartbox-os/smartbox/pkg/zone"
)

// The shapes must be what package zone has, key by key, or what a newer version
// writes would be listed without the new meaning.
func TestShapes_areTheTypesOfPackageZone(t *testing.T) {
	sameShape(t, "config", &config, reflect.TypeFor[zones.Config](), "transition")
	sameShape(t, "running", &running, reflect.TypeFor[zones.RunState]())
}

func sameShape(t *testing.T, path string, sh *shape, typ reflect.Type, leftOut ...string) {
	t.Helper()
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	want := map[kind]bool{}
	switch {
	case typ == reflect.TypeFor[time.Time]():
		want[moment] = true
	case typ.Kind() == reflect.String:
		want[text] = true
	case typ.Kind() == reflect.Bool:
		want[yesno] = true
	case typ.Kind() == reflect.Int || typ.Kind() == reflect.Uint32:
		want[small] = true
	case typ.Kind() == reflect.Int64 || typ.Kind() == reflect.Uint64:
		want[natural] = true
	case typ.Kind() == reflect.Map:
		want[texts] = true
	case typ.Kind() == reflect.Slice:
		want[array] = true
	case typ.Kind() == reflect.Struct:
		want[object] = true
	}
	if !want[sh.kind] {
		t.Fatalf("%s: kind %d for a %s", path, sh.kind, typ)
	}
	if sh.kind == array {
		sameShape(t, path+"[]", sh.of, typ.Elem())
	}
	if sh.kind != object {
		return
	}
	var names []string
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if len(leftOut) == 0 || name != leftOut[0] {
			names = append(names, name)
		}
	}
	if len(names) != len(sh.keys) {
		t.Fatalf("%s: %d keys, the type has %q", path, len(sh.keys), names)
	}
	for i, name := range names {
		if sh.keys[i].name != name {
			t.Fatalf("%s: key %d is %s, the type has %s", path, i, sh.keys[i].name, name)
		}
		field, _ := fieldOf(typ, name)
		sameShape(t, path+"."+name, sh.keys[i].shape, field)
	}
}

func fieldOf(typ reflect.Type, name string) (reflect.Type, bool) {
	for field := range typ.Fields() {
		if n, _, _ := strings.Cut(field.Tag.Get("json"), ","); n == name {
			return field.Type, true
		}
	}
	return nil, false
}

func TestStates_areThoseOfPackageZone(t *testing.T) {
	want := []zones.State{
		zones.Configured, zones.Incomplete, zones.Installed, zones.Ready, zones.Mounted, zones.Running, zones.ShuttingDown, zones.Down,
	}
	if len(want) != len(states) {
		t.Fatal(states)
	}
	for i, s := range want {
		if states[i] != string(s) {
			t.Errorf("%s, not %s", states[i], s)
		}
	}
}

// full has all that a configuration can have.
func full() *zones.Config {
	props := map[string]string{"ip": "10.0.0.2", "a": "b"}
	return &zones.Config{
		Name: "web", Path: "/zones/web", Brand: "lx", UUID: "8e6c1c5e-0000-4000-8000-000000000001", DID: 7, Autoboot: true,
		Bootargs: "-v", Pool: "p", LimitPriv: "default", SchedCls: "FSS", IPType: "exclusive", HostID: "1", FSAllowed: "ufs",
		FS:      []zones.FS{{Dir: "/a", Special: "/b", Raw: "r", Type: "lofs", Options: []string{"ro", "nosuid"}}},
		Net:     []zones.Net{{Physical: "net0", Address: "x", AllowedAddress: "y", DefRouter: "z", GlobalNIC: "admin", MAC: "2:0:0:0:0:1", VLAN: 3, Props: props}},
		Devices: []zones.Device{{Match: "/dev/fuse", Props: props}},
		Rctls: []zones.Rctl{
			{Name: "zone.cpu-cap", Values: []zones.RctlValue{{Priv: "privileged", Limit: "300", Action: "deny"}}},
			{Name: "zone.max-physical-memory", Values: []zones.RctlValue{
				{Priv: "privileged", Limit: "268435456", Action: "deny"}, {Priv: "basic", Limit: "1", Action: "none"},
			}},
			{Name: "zone.max-physical-memory", Values: []zones.RctlValue{{Limit: "2"}}},
		},
		Attrs: []zones.Attr{
			{Name: "alias", Type: "string", Value: "web01"},
			{Name: "alias", Type: "string", Value: "second"},
			{Name: "vm-version", Type: "int", Value: "1"},
		},
		Datasets: []string{"zones/d"}, CPU: &zones.CPUSet{NCPUs: "1-2", Importance: "3"},
		Security: &zones.Flags{Default: "a", Lower: "b", Upper: "c"}, Admins: []zones.Admin{{User: "u", Auths: "login"}},
		State: zones.Installed, Dataset: "zones/web",
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data) + "\n"
}

func TestScan_readsConfigurations(t *testing.T) {
	var z zone
	if !scan(encoded(t, full()), &config, &z) || !z.isComplete() {
		t.Fatalf("a full configuration is not read: %+v", z)
	}
	if z.path != "/zones/web" || z.brand != "lx" || z.uuid != full().UUID || z.did != 7 || !z.exclusive || z.stored != "installed" {
		t.Errorf("%+v", z)
	}
	if z.alias != "web01" || z.memory != 256<<20 || z.failed {
		t.Errorf("the first attr and the first limit count: %+v", z)
	}
	var least zone
	c := &zones.Config{Name: "a", Path: "/zones/a", Brand: "joyent", IPType: "shared", State: zones.Configured}
	if !scan(encoded(t, c), &config, &least) || !least.isComplete() || least.hasAlias || least.hasMemory || least.exclusive {
		t.Errorf("%+v", least)
	}
}

func TestScan_readsRunStates(t *testing.T) {
	run := &zones.RunState{
		BootID: "b", ID: 3, State: zones.Running, Supervisor: zones.Process{Pid: 1, Start: 2}, Init: zones.Process{Pid: 4, Start: 5},
		UIDBase: 0x70000000, Cgroups: []string{"/a"}, Booted: time.Now(), Restarts: 1, Boot: zones.BootOptions{Init: "/i", Args: []string{"a"}},
		Waiting: zones.Process{Pid: 6, Start: 7}, Crashes: 2, Console: 1 << 40,
	}
	for _, run := range []*zones.RunState{run, {BootID: "b", ID: 3, State: zones.Running, Init: zones.Process{Pid: 4}, Booted: time.Now().UTC()}} {
		data, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		var z zone
		if !scan(string(data), &running, &z) || z.boot != "b" || z.id != 3 || z.runState != "running" || z.pid != 4 {
			t.Errorf("%s: %+v", data, z)
		}
	}
}

// What is not as our tools write it is left to the ordinary tool, whether that
// takes it or calls it damaged.
func TestScan_leavesTheUnusual(t *testing.T) {
	good := encoded(t, full())
	for name, bad := range map[string]string{
		"empty":              "",
		"not an object":      "[]",
		"cut":                good[:len(good)-4],
		"more data":          good + "{}",
		"unknown key":        strings.Replace(good, `"autoboot"`, `"autobot"`, 1),
		"key twice":          strings.Replace(good, `"autoboot": true,`, `"autoboot": true, "autoboot": true,`, 1),
		"other order":        strings.Replace(good, `"brand": "lx",`, `"brand": "lx", "zonepath": "/zones/web",`, 1),
		"inner unknown key":  strings.Replace(good, `"special"`, `"spezial"`, 1),
		"escape":             strings.Replace(good, "web01", `web\u0031`, 1),
		"not ASCII":          strings.Replace(good, "web01", "wéb", 1),
		"line feed in text":  strings.Replace(good, "web01", "web\n", 1),
		"text for a number":  strings.Replace(good, `"did": 7`, `"did": "7"`, 1),
		"fraction":           strings.Replace(good, `"did": 7`, `"did": 7.5`, 1),
		"exponent":           strings.Replace(good, `"did": 7`, `"did": 7e1`, 1),
		"negative":           strings.Replace(good, `"did": 7`, `"did": -7`, 1),
		"leading zero":       strings.Replace(good, `"did": 7`, `"did": 07`, 1),
		"too large":          strings.Replace(good, `"did": 7`, `"did": 2147483648`, 1),
		"much too large":     strings.Replace(good, `"did": 7`, `"did": 9999999999999999999999`, 1),
		"null":               strings.Replace(good, `"did": 7`, `"did": null`, 1),
		"bool":               strings.Replace(good, `"autoboot": true`, `"autoboot": maybe`, 1),
		"comma":              strings.Replace(good, `"/zones/web",`, `"/zones/web"`, 1),
		"trailing comma":     strings.Replace(good, `"zones/web"`, `"zones/web",`, 1),
		"path":               strings.Replace(good, `"/zones/web"`, `"/zones/../web"`, 1),
		"path with a slash":  strings.Replace(good, `"/zones/web"`, `"/zones/web/"`, 1),
		"relative path":      strings.Replace(good, `"/zones/web"`, `"zones/web"`, 1),
		"no brand":           strings.Replace(good, `"brand": "lx"`, `"brand": ""`, 1),
		"ip-type":            strings.Replace(good, `"exclusive"`, `"both"`, 1),
		"state":              strings.Replace(good, `"installed"`, `"running"`, 1),
		"limit":              strings.Replace(good, `"268435456"`, `"lots"`, 1),
		"map not in order":   strings.Replace(good, `"a": "b",`, `"z": "b",`, 1),
		"transition":         strings.Replace(good, `"zonepath-dataset": "zones/web"`, `"zonepath-dataset": "zones/web", "transition": {"op": "move"}`, 1),
		"quote for brackets": strings.Replace(good, `"fs": [`, `"fs": "`, 1),
	} {
		var z zone
		if bad == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		if scan(bad, &config, &z) && z.isComplete() {
			t.Errorf("%s: %+v", name, z)
		}
	}
}

// FuzzScan holds that what is read here reads the same as strict JSON.
func FuzzScan(f *testing.F) {
	data, err := json.Marshal(full())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data))
	f.Add(`{"zonename":"a","zonepath":"/z","brand":"lx","ip-type":"shared","attr":[{"name":"alias","value":"x"}],"state":"installed"}`)
	f.Fuzz(func(t *testing.T, s string) {
		var z zone
		if !scan(s, &config, &z) || !z.isComplete() {
			return
		}
		var c zones.Config
		if err := strictjson.Unmarshal([]byte(s), &c); err != nil {
			t.Fatalf("read here, and strictly not: %v", err)
		}
		if c.Path != z.path || c.Brand != z.brand || c.UUID != z.uuid || int64(c.DID) != z.did || string(c.State) != z.stored ||
			(c.IPType == zones.Exclusive) != z.exclusive || !zones.CleanPath(c.Path) {
			t.Errorf("%+v\n%+v", z, c)
		}
	})
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"web", "global", "SUNWx", "a/b", "-a", "/a/b", "/a/./b", "/", "/a/", strings.Repeat("a", 64)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if isName(s) != (zones.CheckName(s) == nil) {
			t.Errorf("name %q", s)
		}
		if isCleanPath(s) && !zones.CleanPath(s) {
			t.Errorf("path %q", s)
		}
		if n, ok := number(s); ok && fmt.Sprint(n) != s {
			t.Errorf("number %q", s)
		}
	})
}
