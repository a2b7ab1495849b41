package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// marker is a unit that says when multi-user.target is reached.
const marker = `[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/touch /BOOTED
[Install]
WantedBy=multi-user.target
`

// systemd compares the boot of a Debian to multi-user.target.
func (l *lab) systemd() error {
	manifest := filepath.Join("build", "images", "debian-12.imgmanifest")
	if err := do("images/debian-12/build.sh", "build/images"); err != nil { // uses a fresh one again
		return err
	}
	text, err := os.ReadFile(manifest)
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(text), `"uuid": "`)
	image, _, _ := strings.Cut(rest, `"`)
	if err := do("imgadm", "install", "-m", manifest, "-f", "build/images/debian-12.tar.zst"); err != nil {
		return err
	}
	z, err := l.zone(map[string]any{"image_uuid": image, "max_physical_memory": 1024})
	if err != nil {
		return err
	}
	ours := l.root.Join("zones", z, "root")
	theirs := l.root.Join("zones/bench/debian")
	if err := do("cp", "-a", ours, theirs); err != nil {
		return err
	}
	for _, root := range []string{ours, theirs} {
		if err := mark(root); err != nil {
			return err
		}
	}
	nspawn := l.nspawn(theirs)
	r := l.compare(max(l.rounds/3, 3),
		contender{name: "systemd-nspawn -b", do: nspawn.boot, tidy: nspawn.kill},
		contender{name: "zoneadm boot", do: func() error {
			os.Remove(filepath.Join(ours, "BOOTED"))
			if err := l.group.run("zoneadm", "-z", z, "boot"); err != nil {
				return err
			}
			return booted(ours)
		}, tidy: func() error { return do("zoneadm", "-z", z, "halt") }},
	)
	l.table("boot of Debian's systemd to multi-user.target", r)
	l.against(r, "zoneadm boot", "systemd-nspawn -b", 1.05, true)
	return do("vmadm", "delete", z)
}

func mark(root string) error {
	unit := filepath.Join(root, "etc/systemd/system")
	if err := os.WriteFile(filepath.Join(unit, "booted.service"), []byte(marker), 0o644); err != nil {
		return err
	}
	wants := filepath.Join(unit, "multi-user.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		return err
	}
	return os.Symlink("/etc/systemd/system/booted.service", filepath.Join(wants, "booted.service"))
}

func booted(root string) error {
	for range 6000 {
		if _, err := os.Stat(filepath.Join(root, "BOOTED")); err == nil {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return errors.New("not booted within 30 seconds")
}

type nspawned struct {
	l    *lab
	root string
	cmd  *exec.Cmd
}

func (l *lab) nspawn(root string) *nspawned { return &nspawned{l: l, root: root} }

func (n *nspawned) boot() error {
	os.Remove(filepath.Join(n.root, "BOOTED"))
	n.cmd = n.l.group.command("systemd-nspawn", "-q", "--register=no", "--keep-unit", "--private-network", "--console=pipe", "-b", "-D", n.root)
	if err := n.cmd.Start(); err != nil {
		return err
	}
	return booted(n.root)
}

// kill ends the container's init, and nspawn with it.
func (n *nspawned) kill() error {
	out, err := exec.Command("pgrep", "-P", fmt.Sprint(n.cmd.Process.Pid)).Output()
	if err == nil {
		for pid := range strings.FieldsSeq(string(out)) {
			var p int
			fmt.Sscan(pid, &p)
			syscall.Kill(p, syscall.SIGKILL)
		}
	}
	n.cmd.Wait()
	return nil
}
