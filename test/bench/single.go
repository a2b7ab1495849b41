package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// start compares making and ending one container.
func (l *lab) start() error {
	z, err := l.zone(nil)
	if err != nil {
		return err
	}
	once := map[string]string{}
	for _, kind := range []string{"true", "idle"} {
		for _, user := range []bool{false, true} {
			name := fmt.Sprintf("%s-%t", kind, user)
			program := map[string]string{"true": "/bin/true", "idle": "/sbin/init"}[kind]
			if once[name], err = l.bundle(name, user, program); err != nil {
				return err
			}
		}
	}
	lxc, err := l.lxc("start")
	if err != nil {
		return err
	}
	bare := filepath.Join(l.dir, "bare")
	oci := func(tool, bundle string) func() error {
		return l.does(words(tool, "run", "--bundle", once[bundle], "b"+bundle))
	}
	detached := func(tool, bundle string) func() error {
		return l.does(words(tool, "run", "-d", "--bundle", once[bundle], "b"+bundle), words(tool, "delete", "-f", "b"+bundle))
	}
	r := l.compare(l.rounds,
		contender{name: "clone3, floor", do: l.does(words(bare, l.mini, "/bin/true"))},
		contender{name: "clone3 + userns, floor", do: l.does(words(bare, "-u", l.shifted, "/bin/true"))},
		contender{name: "crun run", do: oci("crun", "true-false")},
		contender{name: "crun run, userns", do: oci("crun", "true-true")},
		contender{name: "runc run, userns", do: oci("runc", "true-true")},
		contender{name: "lxc-execute", do: l.does(words("lxc-execute", "-n", "bench", "-f", lxc, "--", "/bin/true"))},
		contender{name: "systemd-nspawn", do: l.does(words("systemd-nspawn", "-q", "--register=no", "--keep-unit", "-D", l.mini, "/bin/true"))},
		contender{name: "crun run -d, delete, userns", do: detached("crun", "idle-true")},
		contender{name: "zoneadm boot, halt", do: l.does(words("zoneadm", "-z", z, "boot"), words("zoneadm", "-z", z, "halt"))},
		contender{name: "vmadm start, stop -F", do: l.does(words("vmadm", "start", z), words("vmadm", "stop", z, "-F"))},
	)
	l.table("start and stop of one container (userns, all namespaces, cgroups)", r)
	l.against(r, "zoneadm boot, halt", "crun run -d, delete, userns", 0.7, false)
	l.against(r, "zoneadm boot, halt", "crun run, userns", 0.7, false)
	return do("vmadm", "delete", z)
}

// enter compares a command in a running container.
func (l *lab) enter() error {
	z, err := l.zone(map[string]any{"autoboot": true})
	if err != nil {
		return err
	}
	out, err := exec.Command("vmadm", "lookup", "-j", "uuid="+z).Output()
	if err != nil {
		return err
	}
	pid, err := initPid(string(out))
	if err != nil {
		return err
	}
	bundle, err := l.bundle("enter", true, "/sbin/init")
	if err != nil {
		return err
	}
	if err := l.group.run("crun", "run", "-d", "--bundle", bundle, "benter"); err != nil {
		fmt.Fprintln(l.out, err)
	} else {
		defer exec.Command("crun", "delete", "-f", "benter").Run()
	}
	r := l.compare(3*l.rounds,
		contender{name: "the host's /bin/true", do: l.does(words("/bin/true"))},
		contender{name: "static C setns, floor", do: l.does(words(filepath.Join(l.dir, "enter"), pid, "/bin/true"))},
		contender{name: "nsenter", do: l.does(words("nsenter", "-t", pid, "-a", "/bin/true"))},
		contender{name: "crun exec, userns", do: l.does(words("crun", "exec", "benter", "/bin/true"))},
		contender{name: "static C setns, login shell", do: l.does(words(filepath.Join(l.dir, "enter"), pid, "/bin/sh", "-lc", "true"))},
		contender{name: "zlogin", do: l.does(words("zlogin", z, "true"))},
		contender{name: "zlogin -S", do: l.does(words("zlogin", "-S", z, "/bin/true"))},
		contender{name: "zlogin, Go runtime and all", do: l.does(words("build/smartbox", "zlogin", "-S", z, "/bin/true"))},
	)
	l.table("one command in a running zone", r)
	l.against(r, "zlogin -S", "static C setns, floor", 1.2, true)
	l.against(r, "zlogin", "static C setns, login shell", 1.2, true)
	l.against(r, "zlogin -S", "nsenter", 1, true)
	return do("vmadm", "delete", z)
}

func initPid(text string) (string, error) {
	_, rest, ok := strings.Cut(text, `"pid":`)
	if !ok {
		return "", fmt.Errorf("no pid in %s", text)
	}
	pid := strings.TrimSpace(rest[:strings.IndexAny(rest, ",\n}")])
	_, err := strconv.Atoi(pid)
	return pid, err
}

// clone compares a clone of a dataset of 1 GB.
func (l *lab) clone() error {
	if err := do("zfs", "create", "zones/big"); err != nil {
		return err
	}
	big := l.root.Join("zones/big")
	for i := range 16 {
		if err := do("dd", "if=/dev/urandom", "of="+filepath.Join(big, strconv.Itoa(i)), "bs=1M", "count=64", "status=none"); err != nil {
			return err
		}
	}
	if err := do("zfs", "snapshot", "zones/big@s"); err != nil {
		return err
	}
	n := 0
	r := l.compare(l.rounds,
		contender{name: "btrfs ioctl, floor", do: func() error {
			n++
			return l.group.run(filepath.Join(l.dir, "snap"), big, l.root.Join("zones/bench"), fmt.Sprint("s", n))
		}, tidy: func() error {
			return do("btrfs", "subvolume", "delete", filepath.Join(l.root.Join("zones/bench"), fmt.Sprint("s", n)))
		}},
		contender{
			name: "zfs clone", do: l.does(words("zfs", "clone", "zones/big@s", "zones/c")),
			tidy: func() error { return do("zfs", "destroy", "zones/c") },
		},
	)
	l.table("clone of a dataset of 1 GB", r)
	l.against(r, "zfs clone", "btrfs ioctl, floor", 2, true)
	return do("zfs", "destroy", "-r", "zones/big")
}

// tool compares the start of the tool itself, and its size.
func (l *lab) tool() error {
	r := l.compare(5*l.rounds,
		contender{name: "Go hello, floor", do: l.does(words(filepath.Join(l.dir, "hello")))},
		contender{name: "smartbox --version", do: l.does(words("build/smartbox", "--version"))},
		contender{name: "zonename", do: l.does(words("zonename"))},
		contender{name: "vmadm -h", do: l.does(words("vmadm", "-h"))},
	)
	l.table("start of the tool", r)
	l.against(r, "smartbox --version", "Go hello, floor", 1.5, true)
	l.against(r, "vmadm -h", "Go hello, floor", 1.5, true)
	st, err := os.Stat("build/smartbox")
	if err != nil {
		return err
	}
	l.ratio("binary, MB", float64(st.Size())/1e6, 1, 20)
	return nil
}
