package vm

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// An image without services that say when they are done counts as provisioned
// by its init, so that has to live.
func TestCreate_failsWhenInitDiesAtOnce(t *testing.T) {
	w := newWorld(t)
	for i, c := range []struct{ extra, want string }{
		{`"init_name":"/bin/false"`, "init ended right after the boot (exit status 1), its console log is /var/log/smartbox/zones/"},
		{`"init_name":"/bin/false","restart_init":false`, "(exit status 1)"},
		{`"init_name":"/bin/true"`, "(exit status 0)"}, // it would be started for ever
		{`"init_name":"/bin/poweroff"`, "init ended right after the boot"},
	} {
		_, err := w.Create(t.Context(), tiny(i, `"autoboot":true,`+c.extra))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.extra, err, c.want)
			continue
		}
		w.want(uuidN(i), map[string]string{"state": `"failed"`, "zone_state": `"installed"`, "autoboot": "false"})
		if got := w.get(uuidN(i))["failed"]; !strings.Contains(got, "init ended") {
			t.Errorf("%s: get says of the reason: %s", c.extra, got)
		}
	}
}

func TestCreate_ofAJobThatIsDone(t *testing.T) {
	w := newWorld(t)
	u := w.create(tiny(1, `"autoboot":true,"init_name":"/bin/true","restart_init":false`))
	w.waitState(u, "stopped")
	w.want(u, map[string]string{"failed": "", "exit_status": "0"})
}

// A command that meets the journal of a creator who was killed comes to the
// same judgement.
func TestProvisioned_isJudgedByAnyCommand(t *testing.T) {
	w := newWorld(t)
	u := w.create(tiny(1, `"autoboot":true,"nowait":true,"init_name":"/bin/false"`))
	time.Sleep(steadyTime)
	w.must(w.mendAll(t.Context()))
	w.want(u, map[string]string{"state": `"failed"`})
}

func TestStart_failsWhenInitDiesAtOnce(t *testing.T) {
	w := newWorld(t)
	u := w.create(tiny(1, `"autoboot":true`))
	w.must(w.Reboot(t.Context(), u, true))
	w.must(w.Stop(t.Context(), u, StopOptions{Force: true}))
	w.must(w.CreateSnapshot(t.Context(), u, "good"))
	script := []byte("#!/bin/sh\nexit 7\n")
	w.must(os.WriteFile(filepath.Join(w.root.Join("zones", u), "root/init"), script, 0o755))
	w.must(w.Update(t.Context(), u, parse(t, `{"init_name":"/init"}`)))
	if err := w.Start(t.Context(), u, StartOptions{}); err == nil || !strings.Contains(err.Error(), "(exit status 7)") {
		t.Errorf("start: %v", err)
	}
	w.must(w.Stop(t.Context(), u, StopOptions{Force: true}))
	w.want(u, map[string]string{"failed": "", "state": `"stopped"`})
	if err := w.RollbackSnapshot(t.Context(), u, "good"); err == nil || !strings.Contains(err.Error(), "run /init") {
		t.Errorf("rollback to a root without the init: %v", err)
	}
	w.must(w.Delete(t.Context(), u)) // no journal is in the way
}

func TestFallen(t *testing.T) {
	h := New(paths.Root(t.TempDir()), nil)
	now := time.Now()
	end := func(status syscall.WaitStatus, ago time.Duration) *zone.Exit {
		return &zone.Exit{Status: int(status), Time: now.Add(-ago)}
	}
	exit := func(code int) syscall.WaitStatus { return syscall.WaitStatus(code << 8) }
	for _, c := range []struct {
		name    string
		end     *zone.Exit
		restart string
		want    string
	}{
		{"it runs", nil, "", ""},
		{"an older end", end(exit(1), time.Hour), "", ""},
		{"crash", end(exit(1), 0), "", "exit status 1"},
		{"crash of a job", end(exit(1), 0), "false", "exit status 1"},
		{"end of a job", end(exit(0), 0), "false", ""},
		{"end of what is no job", end(exit(0), 0), "true", "exit status 0"},
		{"killed", end(syscall.WaitStatus(syscall.SIGSEGV), 0), "", "killed by SIGSEGV"},
		{"reboot", end(syscall.WaitStatus(syscall.SIGHUP), 0), "", ""},
		{"power off", end(syscall.WaitStatus(syscall.SIGINT), 0), "", "it halted the zone"},
	} {
		s := zone.Status{Name: "z", Config: &zone.Config{}, LastEnd: c.end}
		setAttr(s.Config, "restart-init", Boolean, c.restart)
		err := h.fallen(s, now.Add(-time.Minute))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
