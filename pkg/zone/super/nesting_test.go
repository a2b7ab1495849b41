package super_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// A zone can make containers with a /proc of their own when its configuration
// says so, and is no less held by that.
func TestNesting(t *testing.T) {
	if out, err := exec.Command("unshare", "--help").Output(); err != nil || !strings.Contains(string(out), "--map-root-user") {
		t.Skip("this host has no unshare of util-linux for the zone to use")
	}
	w := newWorld(t)
	script := `PATH=/usr/bin:/bin:/usr/sbin
unshare -Urpf --mount-proc sh -c 'echo inside $(id -u) as $$; read x </proc/1/comm; echo $x' || echo no proc
unshare -Urmn sh -c 'mount -t tmpfs x /mnt && echo a mount'
for f in /proc/sysrq-trigger /proc/sys/kernel/core_pattern /proc/sys/vm/drop_caches /proc/irq/default_smp_affinity; do
	[ -c $f ] || echo x 2>/dev/null > $f && [ ! -c $f ] && echo wrote $f
done
head -c 1 /proc/kcore 2>/dev/null
head -c 1 /proc/timer_list 2>/dev/null
grep -v '^0000000000000000' /proc/kallsyms 2>/dev/null | head -n 1
:`
	sparse := func(c *zone.Config) {
		c.Brand = "joyent-minimal"
		os.MkdirAll(w.rootDir(c.Name)+"/mnt", 0o755)
	}
	for name, want := range map[string]string{"true": "inside 0 as 1\nsh\na mount\n", "false": "no proc\na mount\n"} {
		out := w.says(name, script, sparse, attr("nesting", name))
		var told []string
		for line := range strings.Lines(out) {
			if !strings.HasPrefix(line, "unshare: ") && !strings.HasPrefix(line, "/init: ") {
				told = append(told, line)
			}
		}
		if got := strings.Join(told, ""); got != want {
			t.Errorf("nesting=%s: %s, want %s", name, out, want)
		}
	}
}

func TestHostID_isWhatTheConfigurationSays(t *testing.T) {
	w := newWorld(t)
	out := w.says("h", "busybox hostid", func(c *zone.Config) { c.HostID = "0xCAFE1234" })
	if strings.TrimSpace(out) != "cafe1234" {
		t.Errorf("hostid is %s", out)
	}
}
