package vm

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

func TestGet_showsAllOfAMachineInOrder(t *testing.T) {
	h := testHost(t)
	rest(t, h, `{"uuid":"`+uuidN(1)+`","image_uuid":"`+someImage+`","alias":"a<b>","restart_init":true,"docker":null,
		"do_not_inventory":true,"filesystems":[{"source":"/a","target":"/b","type":"lofs","options":["ro"]}],
		"brand":"joyent-minimal","archive_on_delete":false}`)
	m, err := h.Get(context.Background(), uuidN(1))
	if err != nil {
		t.Fatal(err)
	}
	o, err := m.Object()
	if err != nil {
		t.Skip("needs pools:", err)
	}
	text, err := Indent(o)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "{\n  \"zonename\": ") || !strings.HasSuffix(string(text), "}\n") {
		t.Errorf("layout: %s", text)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"alias": `"a<b>"`, "do_not_inventory": "true", "autoboot": "true", "state": `"stopped"`, "zone_state": `"installed"`,
		"limit_priv": `"default"`, "max_lwps": "2000", "v": "1", "hvm": "false", "resolvers": "[]", "tags": "{}", "nics": "[]",
		"snapshots": "[]", "create_timestamp": `"2026-02-03T04:05:06.007Z"`, "zpool": `"zones"`,
		"zfs_filesystem": `"zones/` + uuidN(1) + `"`, "zonepath": `"/zones/` + uuidN(1) + `"`,
		"filesystems": `[{"source":"/a","target":"/b","type":"lofs","options":["ro"]}]`,
	} {
		text := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(asJSON(t, o.Get(name)))
		if text != want {
			t.Errorf("%s is %s, want %s", name, text, want)
		}
	}
	for _, name := range []string{"restart_init", "docker", "archive_on_delete", "type", "ram", "pid", "zoneid", "exit_status", "cpu_cap", "failed"} {
		if value, ok := got[name]; ok {
			t.Errorf("%s is shown: %v", name, value)
		}
	}
}

func TestGet_findsAZoneOfAnotherNameByItsUUID(t *testing.T) {
	h := testHost(t)
	rest(t, h, `{"uuid":"`+uuidN(1)+`","zonename":"web","image_uuid":"`+someImage+`"}`)
	m, err := h.Get(context.Background(), uuidN(1))
	if err != nil || m.Name != "web" {
		t.Fatalf("%v %v", m, err)
	}
	_, err = h.Get(context.Background(), uuidN(2))
	if err == nil || err.Error() != "zoneadm: "+uuidN(2)+": No such zone configured" {
		t.Errorf("of an unknown one: %v", err)
	}
}

func TestState_failedIsAboveTheZones(t *testing.T) {
	h := testHost(t)
	s := rest(t, h, `{"uuid":"`+uuidN(1)+`","image_uuid":"`+someImage+`"}`)
	j := &journal{Op: opProvision, Zone: uuidN(1), Deadline: h.Now().Add(-time.Second)}
	if err := h.begin(j); err != nil {
		t.Fatal(err)
	}
	marker := filepath.Join(h.path(s.Config), "root/var/svc/provisioning")
	if err := os.MkdirAll(filepath.Dir(marker), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(marker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m := h.machine(context.Background(), zone.Status{Name: uuidN(1), State: zone.Running, Config: s.Config})
	m.doing = h.doing(uuidN(1))
	if got := m.StateName(); got != "provisioning" {
		t.Errorf("state is %s while it provisions", got)
	}
	setAttr(m.Config, "failed", String, "no reason")
	if got := m.StateName(); got != "failed" {
		t.Errorf("state is %s when it has failed", got)
	}
}

func TestDiff(t *testing.T) {
	var a, b any
	for text, v := range map[string]*any{
		`{"alias":"x","tags":{"a":1,"b":2},"nics":[{"ip":"1"}],"pid":1,"list":[1]}`:             &a,
		`{"alias":"x","tags":{"a":1,"b":3},"nics":[{"ip":"2"}],"list":[1,2],"state":"running"}`: &b,
	} {
		if err := json.Unmarshal([]byte(text), v); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, c := range diff(nil, a, b) {
		got = append(got, c.Pretty+" "+c.Action+" "+asJSON(t, c.Old)+" "+asJSON(t, c.New))
	}
	want := `list changed [1] [1,2]; nics.0.ip changed "1" "2"; pid removed 1 null; state added null "running"; tags.b changed 2 3`
	if text := strings.Join(got, "; "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}
