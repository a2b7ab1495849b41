// Package e2e holds what the README promises, as a user would try it: the
// tools by name, from a pool to running zones and back to nothing.
package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/test/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// payload is one of the examples, changed for the test.
func payload(t *testing.T, name string, change map[string]any) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "payloads", name))
	if err != nil {
		t.Fatal(err)
	}
	var p map[string]any
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	maps.Copy(p, change)
	out, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// machine creates a machine and returns its uuid.
func machine(r *rig.Rig, p string) string {
	r.Helper()
	o := r.Try(p, "vmadm", "create")
	words := strings.Fields(o.Stderr)
	if o.Code != 0 || len(words) == 0 {
		r.Fatalf("vmadm create: exit %d: %s%s", o.Code, o.Stderr, r.Logs())
	}
	return words[len(words)-1]
}

// TestMainJob is "make demo" without its Debian: two zones on one etherstub.
func TestMainJob(t *testing.T) {
	r := rig.New(t)
	testenv.RequireCommand(t, "busybox", "zstd", "ping")
	image := busyboxImage(t, r)
	r.Do("dladm", "create-etherstub", "stub0")
	web := machine(r, payload(t, "joyent-web.json", nil))
	lx := machine(r, payload(t, "lx-debian.json", map[string]any{"image_uuid": image, "max_physical_memory": 64, "quota": 1}))

	for _, z := range []string{web, lx} {
		if got := strings.TrimSpace(r.Do("vmadm", "list", "-Ho", "state", "uuid="+z)); got != "running" {
			t.Errorf("%s is %s", z, got)
		}
		if !strings.Contains(r.Do("zoneadm", "list", "-p"), ":"+z+":running:") {
			t.Errorf("zoneadm does not see %s run", z)
		}
		if got := r.Do("zlogin", z, "id -u; pwd"); !strings.HasPrefix(got, "0\n") {
			t.Errorf("zlogin: %q", got)
		}
	}
	for _, c := range []struct{ what, zone, command, want string }{
		{"host name", web, "hostname", "web"},
		{"address", web, "ip -4 -o addr show net0", "10.88.0.11/24"},
		{"resolver", web, "cat /etc/resolv.conf", "nameserver 192.0.2.53"},
		{"metadata", web, "mdata-get greeting", "hello from the metadata"},
		{"a tag", web, "mdata-get sdc:tags.role", "web"},
		{"the other zone", web, "ping -c 1 -W 5 10.88.0.12", "1 received"},
		{"address of the lx zone", lx, "ip addr show eth0", "10.88.0.12/24"},
	} {
		if got := r.Try("", "zlogin", c.zone, c.command); !strings.Contains(got.Stdout, c.want) {
			t.Errorf("%s: %q does not hold %q (%s)", c.what, got.Stdout, c.want, got.Stderr)
		}
	}
	if got := r.Try("", "zlogin", web, "exit 7"); got.Code != 7 {
		t.Errorf("zlogin's exit code is %d, not the command's 7", got.Code)
	}
	binary := "a\x00b\xff\r\n"
	if got := r.Feed(binary, "zlogin", web, "cat"); got != binary {
		t.Errorf("stdin through zlogin: %q", got)
	}
	snapshot(t, r, web)
	r.Do("vmadm", "reboot", web)
	r.Do("vmadm", "stop", lx)
	r.Do("vmadm", "delete", web)
	r.Do("vmadm", "delete", lx)
	r.Do("dladm", "delete-etherstub", "stub0")
	r.Empty()
}

// snapshot breaks a machine and brings it back.
func snapshot(t *testing.T, r *rig.Rig, uuid string) {
	t.Helper()
	r.Do("zlogin", uuid, "echo good >/root/file")
	r.Do("vmadm", "create-snapshot", uuid, "before")
	r.Do("zlogin", uuid, "rm /root/file /etc/passwd")
	r.Do("vmadm", "rollback-snapshot", uuid, "before")
	if got := r.Do("zlogin", uuid, "cat /root/file; head -n 1 /etc/passwd"); !strings.HasPrefix(got, "good\nroot:") {
		t.Errorf("after the rollback: %q", got)
	}
}

// TestLimits shows that quota and memory limit hold, and change while the zone
// runs.
func TestLimits(t *testing.T) {
	r := rig.New(t)
	z := machine(r, fmt.Sprintf(`{"brand":"joyent","image_uuid":%q,"max_physical_memory":64,"quota":1}`, rig.Base))
	fill := "dd if=/dev/zero of=/var/tmp/big bs=1M count=1200 2>/dev/null"
	if o := r.Try("", "zlogin", z, fill); o.Code == 0 {
		t.Error("1200 MB fit into a quota of 1 GB")
	}
	r.Do("zlogin", z, "rm /var/tmp/big")
	hungry := "head -c 150M /dev/zero | tail -n 1 | wc -c"
	if o := r.Try("", "zlogin", z, hungry); strings.Contains(o.Stdout, "157286400") {
		t.Error("150 MB fit into a limit of 64 MB")
	}
	r.Do("vmadm", "update", z, "max_physical_memory=512", "quota=2")
	if o := r.Try("", "zlogin", z, hungry); !strings.Contains(o.Stdout, "157286400") {
		t.Errorf("150 MB do not fit into 512: %q %q", o.Stdout, o.Stderr)
	}
	r.Do("zlogin", z, fill)
	r.Empty()
}

// TestTwoRoots shows that two roots on one host do not see each other.
func TestTwoRoots(t *testing.T) {
	one, two := rig.New(t), rig.New(t)
	uuid := "0badc0de-0000-4000-8000-0000000000aa"
	p := fmt.Sprintf(`{"brand":"joyent-minimal","uuid":%q,"image_uuid":%q,"max_physical_memory":64,
"nics":[{"nic_tag":"stub0","ip":"10.88.0.9","netmask":"255.255.255.0"}]}`, uuid, rig.Base)
	for _, r := range []*rig.Rig{one, two} {
		r.Do("dladm", "create-etherstub", "stub0")
		machine(r, p)
	}
	one.Do("vmadm", "delete", uuid)
	if got := two.Do("vmadm", "list", "-Ho", "state"); !strings.HasPrefix(got, "running") {
		t.Errorf("the other root's machine is %q", got)
	}
	two.Do("vmadm", "delete", uuid)
	for _, r := range []*rig.Rig{one, two} {
		r.Do("dladm", "delete-etherstub", "stub0")
		r.Empty()
	}
}

// busyboxImage installs the busybox recipe's image and returns its uuid.
func busyboxImage(t *testing.T, r *rig.Rig) string {
	t.Helper()
	out := t.TempDir()
	r.Do(filepath.Join("..", "..", "images", "busybox", "build.sh"), out)
	manifest := filepath.Join(out, "busybox.imgmanifest")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var m struct{ UUID string }
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	r.Do("imgadm", "install", "-q", "-m", manifest, "-f", filepath.Join(out, "busybox.tar.zst"))
	return m.UUID
}
