package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/smartbox-os/smartbox/internal/cli"
)

// install links every tool's name in DIR to this binary. A link of its own
// from before is replaced, anything else refused.
func install(env *cli.Env, args []string) int {
	if len(args) != 1 {
		return misuse(env, "--install DIR")
	}
	if err := linkAll(args[0]); err != nil {
		return failed(env, "install", err)
	}
	return cli.ExitOK
}

func linkAll(dir string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	target, err := linkTarget(exe, dir)
	if err != nil {
		return err
	}
	for _, a := range tools() {
		if a.Bare {
			continue
		}
		if err := link(target, filepath.Join(dir, a.Name)); err != nil {
			return err
		}
	}
	return nil
}

// linkTarget is the bare name when the binary lies in dir itself, so that the
// directory may be moved, a package's staging directory for one.
func linkTarget(exe, dir string) (string, error) {
	exe, err := filepath.EvalSymlinks(exe)
	if err != nil {
		return "", err
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	dir, err = filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	if filepath.Dir(exe) == dir {
		return filepath.Base(exe), nil
	}
	return exe, nil
}

func link(target, name string) error {
	err := os.Symlink(target, name)
	if !errors.Is(err, os.ErrExist) {
		return err
	}
	if old, err := os.Readlink(name); err != nil || filepath.Base(old) != filepath.Base(target) {
		return fmt.Errorf("%s exists and is not a link to %s; remove it or choose another directory", name, self)
	}
	tmp := name + ".new"
	if err := os.Symlink(target, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}
