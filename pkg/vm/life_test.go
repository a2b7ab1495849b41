package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestLife_ofAMachine(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	u := w.create(tiny(1, `"autoboot":true,"max_lwps":300,"cpu_cap":50,"tags":{"role":"web"},"hostname":"one",
		"customer_metadata":{"plain":"v1"},`+oneNIC))
	w.want(u, map[string]string{
		"state": `"running"`, "zone_state": `"running"`, "autoboot": "true", "brand": `"lx"`, "type": `"LX"`, "ram": "128",
		"quota": "1", "max_lwps": "300", "cpu_cap": "50", "tags": `{"role":"web"}`, "hostname": `"one"`, "max_swap": "256",
		"customer_metadata": `{"plain":"v1"}`, "snapshots": "[]", "exit_status": "", "failed": "",
	})
	if got := w.inZone(u, "hostname"); got != "one" {
		t.Errorf("its hostname is %q", got)
	}
	first := w.get(u)["pid"]
	w.must(w.Reboot(ctx, u, true))
	w.waitState(u, "running")
	if again := w.get(u)["pid"]; again == first {
		t.Error("it has the same init after a reboot")
	}
	if err := w.Start(ctx, u, StartOptions{}); !isNoChange(err) {
		t.Errorf("start of a running machine: %v", err)
	}
	w.must(w.Kill(ctx, u, 0))
	w.must(w.Stop(ctx, u, StopOptions{Force: true}))
	w.want(u, map[string]string{"state": `"stopped"`, "autoboot": "false", "pid": "", "boot_timestamp": ""})
	if w.get(u)["exit_timestamp"] == "" || w.get(u)["exit_status"] == "" {
		t.Error("how it ended is not shown")
	}
	if err := w.Stop(ctx, u, StopOptions{}); !isNoChange(err) || !strings.Contains(err.Error(), "(currently: stopped)") {
		t.Errorf("stop of a stopped machine: %v", err)
	}
	if err := w.Reboot(ctx, u, false); err == nil || err.Error() != `Cannot reboot vm from state "stopped", must be "running"` {
		t.Errorf("reboot of a stopped machine: %v", err)
	}
	if err := w.Kill(ctx, u, unix.SIGTERM); err == nil || !strings.HasPrefix(err.Error(), "Cannot find running init PID") {
		t.Errorf("kill of a stopped machine: %v", err)
	}
	w.must(w.Start(ctx, u, StartOptions{}))
	w.want(u, map[string]string{"state": `"running"`, "autoboot": "true", "exit_status": ""})
	w.must(w.Delete(ctx, u))
	w.gone(u)
}

func isNoChange(err error) bool {
	_, ok := errors.AsType[*NoChangeError](err)
	return ok
}

func TestUpdate_live(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	u := w.create(tiny(1, `"autoboot":true,"tags":{"a":1,"b":2},"maintain_resolvers":true,"resolvers":["10.0.0.1"],`+oneNIC))
	w.must(w.Update(ctx, u, parse(t, `{"max_physical_memory":256,"max_lwps":123,"cpu_cap":"75","quota":2,"alias":"new",
		"set_tags":{"c":3,"a":9},"remove_tags":["a","b"],"set_customer_metadata":{"k":"v"},"resolvers":["10.0.0.2"],
		"owner_uuid":"me","uuid":"ignored","brand":"kvm"}`)))
	w.want(u, map[string]string{
		"max_physical_memory": "256", "max_locked_memory": "256", "max_swap": "256", "tmpfs": "256", "max_lwps": "123",
		"cpu_cap": "75", "quota": "2", "alias": `"new"`, "tags": `{"a":9,"c":3}`, "customer_metadata": `{"k":"v"}`,
		"owner_uuid": `"me"`, "uuid": `"` + u + `"`, "state": `"running"`,
	})
	if got := w.inZone(u, "cat /etc/resolv.conf"); !strings.Contains(got, "nameserver 10.0.0.2") || strings.Contains(got, "10.0.0.1") {
		t.Errorf("resolv.conf is %q", got)
	}
	w.must(w.Update(ctx, u, parse(t, `{"tmpfs":32}`)))
	if got := w.inZone(u, "df -m /tmp | tail -n 1 | awk '{print $2}'"); got != "32" {
		t.Errorf("/tmp has %s MiB", got)
	}
	mac := strings.Trim(jsonField(w.get(u)["nics"], "mac"), `"`)
	w.must(w.Update(ctx, u, parse(t, fmt.Sprintf(`{"update_nics":[{"mac":%q,"allow_ip_spoofing":true,"allowed_ips":["10.77.1.1"]}],
		"add_nics":[{"nic_tag":%q,"ip":"10.78.0.1","netmask":"255.255.0.0","primary":true}]}`, mac, stub))))
	nics := w.get(u)["nics"]
	for _, part := range []string{`"allow_ip_spoofing":true`, `"allowed_ips":["10.77.1.1"]`, `"interface":"eth1"`, `"ip":"10.78.0.1"`} {
		if !strings.Contains(nics, part) {
			t.Errorf("nics lack %s: %s", part, nics)
		}
	}
	if strings.Count(nics, `"primary":true`) != 1 || strings.Index(nics, `"primary"`) < strings.Index(nics, "eth1") {
		t.Errorf("the new nic is not the primary one: %s", nics)
	}
	w.must(w.Update(ctx, u, parse(t, fmt.Sprintf(`{"remove_nics":[%q,"02:00:00:00:00:99"],"cpu_cap":0,"alias":""}`, mac))))
	w.want(u, map[string]string{"cpu_cap": "", "alias": ""})
	for text, want := range map[string]string{
		`{"quota":"x","ram":-1}`:                                                                "Invalid value(s) for: quota,ram",
		`{"update_nics":[{"ip":"dhcp"}]}`:                                                       "NIC object needs a .mac property to update",
		`{"update_nics":[{"mac":"2:2:2:2:2:2"}]}`:                                               "There is no existing NIC with that mac address",
		`{"add_nics":[{"nic_tag":"nosuch0","ip":"dhcp"}]}`:                                      `Invalid nic tag "nosuch0"`,
		`{"set_routes":{"10.0.0.0/8":"x"}}`:                                                     "Invalid route gateway",
		`{"update_filesystems":[{"target":"/x","type":"a"}]}`:                                   "no existing filesystem",
		`{"add_filesystems":[{"target":"x","type":"lofs","source":"/"}]}`:                       "not a clean absolute path",
		`{"set_routes":{"10.99.0.0/16":"192.0.2.1"},"set_tags":{"x":1},"quota":3,"alias":"no"}`: "unreachable",
		`{"indestructible_delegated":true}`:                                                     "not yet supported on this host",
	} {
		before := w.get(u)
		err := w.Update(ctx, u, parse(t, text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		after := w.get(u)
		after["last_modified"] = before["last_modified"] // of what was brought back
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("%s changed something: %v, then %v", text, before, after)
		}
	}
}

func jsonField(text, name string) string {
	_, rest, _ := strings.Cut(text, `"`+name+`":`)
	end := strings.IndexAny(rest, ",}")
	return rest[:max(0, end)]
}

func TestSnapshots(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	u := w.create(tiny(1, `"tags":{"when":"before"}`))
	file := filepath.Join(w.root.Join("zones", u), "root/file")
	w.must(os.WriteFile(file, []byte("before"), 0o600))
	w.must(w.CreateSnapshot(ctx, u, "s1"))
	w.must(os.WriteFile(file, []byte("after"), 0o600))
	w.must(w.Update(ctx, u, parse(t, `{"set_tags":{"when":"after"}}`)))
	w.must(w.CreateSnapshot(ctx, u, "s2"))
	if got := w.get(u)["snapshots"]; !strings.Contains(got, `"name":"s1"`) || !strings.Contains(got, `"name":"s2"`) {
		t.Errorf("snapshots are %s", got)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{w.CreateSnapshot(ctx, u, "s1"), `snapshot with name "s1" already exists.`},
		{w.CreateSnapshot(ctx, u, "a/b"), "Invalid snapshot name"},
		{w.CreateSnapshot(ctx, u, strings.Repeat("x", 65)), "Invalid snapshot name"},
		{w.DeleteSnapshot(ctx, u, "nope"), `No snapshot named "nope" for ` + u},
		{w.RollbackSnapshot(ctx, u, "nope"), `No snapshot named "nope" for ` + u},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%v, want %q", c.err, c.want)
		}
	}
	w.must(w.RollbackSnapshot(ctx, u, "s1"))
	w.want(u, map[string]string{"tags": `{"when":"before"}`, "state": `"running"`})
	if got := w.inZone(u, "cat /file"); got != "before" {
		t.Errorf("the file is %q", got)
	}
	if got := w.get(u)["snapshots"]; strings.Contains(got, "s2") || !strings.Contains(got, "s1") {
		t.Errorf("snapshots after the rollback are %s", got)
	}
	w.must(w.DeleteSnapshot(ctx, u, "s1"))
	w.want(u, map[string]string{"snapshots": "[]"})
}

func TestCreate_isAllOrNothing(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create(tiny(1, oneNIC))
	for extra, want := range map[string]string{
		`"init_name":"/nosuch","autoboot":true`: "nosuch",
		oneNIC:                                  "Conflict detected with another vm",
		`"nics":[{"nic_tag":"nosuch0","ip":"dhcp"}]`: `Invalid nic tag "nosuch0"`,
		`"nics":[{"ip":"dhcp"}]`:                     "Missing .nic_tag option for NIC",
		`"brand":"kvm"`:                              "not yet supported",
		`"brand":"bhyve"`:                            "Bhyve not supported",
		`"brand":"gorilla"`:                          `"gorilla" is not a brand`,
		`"brand":"joyent"`:                           "is of type lx-dataset",
		`"docker":true`:                              "docker: not yet supported on this host",
		`"delegate_dataset":true`:                    "delegate_dataset: not yet supported on this host",
		`"zpool":"nosuch"`:                           "Invalid value(s) for: zpool",
		`"image_uuid":"3f2b7f0e-1111-4222-8333-44445555bbbb"`: "imgadm import 3f2b7f0e-1111-4222-8333-44445555bbbb",
		`"cpu_cap":"x","mystery":1,"alias":7`:                 "Invalid value(s) for: alias,cpu_cap",
		`"routes":{"x":"y"}`:                                  "Invalid route destination",
		`"filesystems":[{"type":"lofs"}]`:                     "filesystems need source, target and type",
		`"autoboot":true,"filesystems":[{"source":"/nosuch","target":"/mnt","type":"lofs"}]`: "nosuch",
	} {
		p := tiny(2, extra)
		_, err := w.Create(ctx, p)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", extra, err, want)
		}
		w.gone(uuidN(2))
	}
	if _, err := w.Create(ctx, tiny(1, "")); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("a second machine of the same uuid: %v", err)
	}
	w.want(uuidN(1), map[string]string{"alias": `"vm1"`})
}

func TestCreate_warnsOfWhatItOnlyKeeps(t *testing.T) {
	w := newWorld(t)
	u := w.create(tiny(1, `"firewall_enabled":true,"kernel_version":"99.1","wibble":1`))
	text := strings.Join(w.warn, "\n")
	for _, want := range []string{
		"firewall_enabled is kept, but not yet supported on this host", "kernel_version 99.1 is recorded only", "ignored", "wibble",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no warning says %q: %s", want, text)
		}
	}
	w.want(u, map[string]string{"firewall_enabled": "true", "kernel_version": `"99.1"`})
}

func TestCreate_onAFullPoolLeavesNothing(t *testing.T) {
	w := newWorldSized(t, 512<<20)
	hog := filepath.Join(w.root.Join("zones"), "hog")
	f, err := os.Create(hog)
	w.must(err)
	block := make([]byte, 1<<20)
	for _, err = f.Write(block); err == nil; _, err = f.Write(block) {
	}
	for _, err = f.Write(block[:4096]); err == nil; _, err = f.Write(block[:4096]) {
	}
	w.must(f.Close())
	big := strings.Repeat("x", 8<<20)
	_, err = w.Create(t.Context(), tiny(1, fmt.Sprintf(`"customer_metadata":{"big":%q}`, big)))
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("create on a full pool: %v", err)
	}
	w.gone(uuidN(1))
	w.must(os.Remove(hog))
}

func TestParallel_createsAndUpdatesLoseNothing(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i := range 10 {
		wg.Go(func() {
			h := New(w.root, w.log)
			if _, err := h.Create(t.Context(), tiny(i, fmt.Sprintf(`"nics":[{"nic_tag":%q,"ip":"10.77.1.%d","netmask":"255.255.0.0"}]`, stub, i/2+1))); err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			} else if !errors.Is(err, errConflict) {
				t.Errorf("create %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if won != 5 {
		t.Errorf("%d of 5 addresses were given out", won)
	}
	list, err := w.List(t.Context(), nil)
	w.must(err)
	if len(list) != 5 {
		t.Fatalf("%d machines are listed", len(list))
	}
	u := list[0].UUID()
	for i := range 20 {
		wg.Go(func() {
			h := New(w.root, w.log)
			if err := h.Update(t.Context(), u, parse(t, fmt.Sprintf(`{"set_tags":{"t%d":%d},"max_lwps":%d}`, i, i, 1000+i))); err != nil {
				t.Errorf("update %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if n := strings.Count(w.get(u)["tags"], ":"); n != 20 {
		t.Errorf("%d of 20 tags are there", n)
	}
}

// A machine that does not end when asked can be ended by force meanwhile.
func TestStop_byForceHelpsOneThatHangs(t *testing.T) {
	w := newWorld(t)
	u := w.create(tiny(1, `"init_name":"/init"`))
	script := "#!/bin/sh\ntrap : TERM\ntouch /ready\nwhile :; do sleep 1; done\n"
	root := filepath.Join(w.root.Join("zones", u), "root")
	w.must(os.WriteFile(filepath.Join(root, "init"), []byte(script), 0o755))
	w.must(w.Start(t.Context(), u, StartOptions{}))
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(root, "ready")); err == nil {
			break
		}
	}
	done := make(chan error, 1)
	go func() { done <- New(w.root, w.log).Stop(context.Background(), u, StopOptions{}) }()
	w.waitState(u, "shutting_down")
	began := time.Now()
	w.must(w.Kill(t.Context(), u, unix.SIGTERM))
	w.must(w.Update(t.Context(), u, parse(t, `{"alias":"meanwhile"}`)))
	w.must(w.Stop(t.Context(), u, StopOptions{Force: true}))
	w.must(<-done)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	w.want(u, map[string]string{"state": `"stopped"`, "alias": `"meanwhile"`})
}

func TestIndestructible(t *testing.T) {
	w := newWorld(t)
	u := w.create(tiny(1, `"indestructible_zoneroot":true,"archive_on_delete":true`))
	w.want(u, map[string]string{"indestructible_zoneroot": "true"})
	if err := w.Delete(t.Context(), u); err == nil || err.Error() != "indestructible_zoneroot is set, cannot delete" {
		t.Errorf("delete of a guarded machine: %v", err)
	}
	w.must(w.Update(t.Context(), u, parse(t, `{"indestructible_zoneroot":false}`)))
	w.must(w.CreateSnapshot(t.Context(), u, "s"))
	w.must(w.Delete(t.Context(), u))
	text, err := os.ReadFile(filepath.Join(w.root.Join("zones/archive", u), "vm.json"))
	if err != nil || !strings.Contains(string(text), u) {
		t.Errorf("archive: %v", err)
	}
	w.must(os.RemoveAll(w.root.Join("zones/archive", u)))
	w.gone(u)
}

func TestProvisioning(t *testing.T) {
	w := newWorld(t)
	script := `#!/bin/sh
if [ -e /go ]; then rm /var/svc/provisioning; fi
exec sleep 1000
`
	for _, c := range []struct{ name, state string }{{"never", "failed"}, {"in time", "running"}} {
		u := w.create(tiny(1, `"init_name":"/init"`))
		root := filepath.Join(w.root.Join("zones", u), "root")
		w.must(os.WriteFile(filepath.Join(root, "init"), []byte(script), 0o755))
		w.must(os.WriteFile(filepath.Join(root, "var/svc/provisioning"), nil, 0o644))
		if c.state == "running" {
			w.must(os.WriteFile(filepath.Join(root, "go"), nil, 0o644))
		}
		w.must(w.Start(t.Context(), u, StartOptions{}))
		j := &journal{Op: opProvision, Zone: u, Deadline: time.Now().Add(3 * time.Second)}
		w.Now = time.Now
		w.must(w.begin(j))
		err := w.waitProvisioned(t.Context(), j)
		if c.state == "failed" {
			if err == nil || err.Error() != "timed out waiting for /var/svc/provisioning to move for "+u {
				t.Errorf("%s: %v", c.name, err)
			}
			w.want(u, map[string]string{"zone_state": `"installed"`})
			if w.get(u)["failed"] == "" {
				t.Error("the reason is not kept")
			}
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		w.want(u, map[string]string{"state": `"` + c.state + `"`})
		w.must(w.Delete(t.Context(), u))
		w.gone(u)
	}
}
