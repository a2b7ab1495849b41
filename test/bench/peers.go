package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const base = 1000000 // first id of the user namespaces of crun, runc and the floor

// bundle writes an OCI bundle: what "runc spec" proposes, with our root, program
// and group, and with a user namespace if wanted.
func (l *lab) bundle(name string, user bool, args ...string) (string, error) {
	dir := filepath.Join(l.dir, "bundle", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if l.spec == nil {
		os.Remove(filepath.Join(dir, "config.json"))
		if out, err := exec.Command("runc", "spec", "-b", dir).CombinedOutput(); err != nil {
			return "", fmt.Errorf("runc spec: %w: %s", err, out)
		}
		text, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil {
			return "", err
		}
		l.spec = text
	}
	var config map[string]any
	if err := json.Unmarshal(l.spec, &config); err != nil {
		return "", err
	}
	process := config["process"].(map[string]any)
	process["terminal"], process["args"] = false, args
	delete(process, "rlimits")
	linux := config["linux"].(map[string]any)
	linux["cgroupsPath"] = "/" + groupName + "/" + name
	config["root"] = map[string]any{"path": l.mini, "readonly": false}
	if user {
		config["root"] = map[string]any{"path": l.shifted, "readonly": false}
		linux["namespaces"] = append(linux["namespaces"].([]any), map[string]any{"type": "user"})
		ids := []any{map[string]any{"containerID": 0, "hostID": base, "size": 65536}}
		linux["uidMappings"], linux["gidMappings"] = ids, ids
	}
	text, err := json.Marshal(config)
	if err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "config.json"), text, 0o644)
}

// lxc writes a configuration for lxc-execute.
func (l *lab) lxc(name string) (string, error) {
	file := filepath.Join(l.dir, "lxc-"+name+".conf")
	if err := os.MkdirAll(filepath.Join(l.dir, "lxc"), 0o755); err != nil { // for -P
		return "", err
	}
	return file, os.WriteFile(file, fmt.Appendf(nil, `lxc.rootfs.path = dir:%s
lxc.uts.name = %s
lxc.net.0.type = empty
lxc.mount.auto = proc:mixed sys:ro
lxc.apparmor.profile = unconfined
lxc.pty.max = 1
lxc.tty.max = 0
lxc.cgroup.dir = %s/%s
`, l.mini, name, groupName, name), 0o644)
}

// miniRoot makes the small root that all contenders share: one busybox.
func miniRoot(dir, idle string) error {
	for _, d := range []string{"bin", "sbin", "etc", "proc", "sys", "dev", "run", "tmp", "root", "var", "usr", "native"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	for from, to := range map[string]string{"/bin/busybox": "bin/busybox", idle: "sbin/init"} {
		if out, err := exec.Command("cp", from, filepath.Join(dir, to)).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	for _, name := range []string{"sh", "true", "su", "sleep", "cat", "echo", "login", "env"} {
		if err := os.Symlink("busybox", filepath.Join(dir, "bin", name)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	for file, text := range map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n", "etc/shadow": "root:*:19000:0:99999:7:::\n",
		"etc/hostname": "mini\n", "etc/os-release": "ID=mini\nNAME=mini\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// shift copies a tree and gives all of it to the user namespace's root.
func shift(from, to string) error {
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return filepath.WalkDir(to, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, base, base)
	})
}
