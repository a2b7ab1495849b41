// Package boot is the work of a boot of a sparse zone: metadata and scripts. It
// runs in a child of the zone's init and is gone when that work is done.
package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/smartbox-os/smartbox/pkg/meta"
	"github.com/smartbox-os/smartbox/pkg/zone/zinit"
)

// Where the machine's scripts and their output lie, as on SmartOS.
const (
	scriptDir = "/var/svc"
	logDir    = "/var/log"
	hookDir   = "/var/svc/rc.d"
	hookFile  = "/etc/rc.local"

	provisioning = "/var/svc/provisioning"
	provisioned  = "/var/svc/provision_success"
)

// How long the scripts of the metadata may take, as SmartOS has it.
const (
	limitKey     = "sdc:mdata_exec_timeout"
	defaultLimit = 300 * time.Second
)

// scripts come from the metadata, in this order.
var scripts = []struct{ key, name string }{
	{"sdc:operator-script", "mdata-operator-script"},
	{"user-script", "mdata-user-script"},
}

// Run does what a boot brings: the authorized keys and the scripts of the
// metadata (at each boot), then the zone's own hooks, /etc/rc.local and
// /var/svc/rc.d/*. When the scripts of the metadata succeed, a machine that is
// being provisioned is; else it stays unprovisioned, for its creator to see.
func Run(ctx context.Context) error {
	limit, err := fetch(ctx)
	errs := []error{err, runScripts(ctx, limit)}
	if errors.Join(errs...) == nil {
		errs = append(errs, markProvisioned())
	}
	errs = append(errs, runIfThere(ctx, hookFile, "rc.local"))
	hooks, err := filepath.Glob(filepath.Join(hookDir, "*"))
	errs = append(errs, err)
	for _, hook := range hooks {
		errs = append(errs, runIfThere(ctx, hook, filepath.Base(hook)))
	}
	return errors.Join(errs...)
}

// runScripts runs those of the metadata, which have limit together.
func runScripts(ctx context.Context, limit time.Duration) error {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %s (mdata_exec_timeout)", limit))
		defer cancel()
	}
	var errs []error
	for _, s := range scripts {
		errs = append(errs, runIfThere(ctx, filepath.Join(scriptDir, s.name), s.name))
	}
	return errors.Join(errs...)
}

func markProvisioned() error {
	err := os.Rename(provisioning, provisioned)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// fetch brings the metadata that matters to a boot into files, and tells how
// long its scripts may take; 0 is without end.
func fetch(ctx context.Context) (time.Duration, error) {
	sockets := make([]string, len(meta.SocketPaths))
	for i, p := range meta.SocketPaths {
		sockets[i] = "/" + p
	}
	client, err := meta.Dial(ctx, sockets...)
	if errors.Is(err, meta.ErrNoSocket) {
		return defaultLimit, nil
	}
	if err != nil {
		return defaultLimit, fmt.Errorf("metadata: %w", err)
	}
	defer client.Close()
	limit, err := scriptLimit(client)
	errs := []error{err}
	for _, s := range scripts {
		errs = append(errs, fetchScript(client, s.key, filepath.Join(scriptDir, s.name)))
	}
	keys, err := client.Get("root_authorized_keys")
	if err == nil {
		err = authorize(filepath.Join(zinit.Home(), ".ssh"), keys)
	}
	if !errors.Is(err, meta.ErrNotFound) {
		errs = append(errs, err)
	}
	return limit, errors.Join(errs...)
}

// scriptLimit asks how long the scripts may take.
func scriptLimit(client *meta.Client) (time.Duration, error) {
	text, err := client.Get(limitKey)
	if errors.Is(err, meta.ErrNotFound) {
		return defaultLimit, nil
	}
	if err != nil {
		return defaultLimit, fmt.Errorf("metadata %s: %w", limitKey, err)
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return defaultLimit, fmt.Errorf("metadata %s: %q is not a number of seconds", limitKey, text)
	}
	return time.Duration(seconds) * time.Second, nil
}

// fetchScript replaces the file of a script, or removes it.
func fetchScript(client *meta.Client, key, file string) error {
	text, err := client.Get(key)
	if errors.Is(err, meta.ErrNotFound) || err == nil && text == "" {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("metadata %s: %w", key, err)
	}
	return replace(file, text, 0o700)
}

// replace writes a file anew; a link in its place goes.
func replace(file, text string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	tmp := file + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return os.Rename(tmp, file)
}
