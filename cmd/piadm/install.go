package piadm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform/live"
	"github.com/smartbox-os/smartbox/pkg/platform/pi"
)

// repositoryKey in /usbkey/config names where images come from.
const repositoryKey = "piadm_url"

// repository is the address of the configured repository, empty when none is.
func repository(env *cli.Env) (string, error) {
	text, err := os.ReadFile(filepath.Join(env.Root.Usbkey(), "config"))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && key == repositoryKey {
			return strings.Trim(value, `"'`), nil
		}
	}
	return "", nil
}

// find opens the source that a user names.
func find(env *cli.Env, cmd *cobra.Command, where string) (pi.Source, error) {
	base, err := repository(env)
	if err != nil {
		return nil, err
	}
	from, err := pi.Find(cmd.Context(), where, base)
	return from, explain(err)
}

// newInstall is piadm install SOURCE [POOL].
func newInstall(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "install stamp|latest|media|directory|file.iso|url [pool]",
		Short:   "put an image onto the pool; its signature is checked first",
		Example: "  piadm install https://images.example.com/20260102T150405Z",
		Args:    command.Args(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, _, err := store(env, cmd, arg(args, 1))
			if err != nil {
				return err
			}
			stamp, err := install(env, cmd, s, args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(env.Stdout, "Platform image %s is installed; piadm activate %s makes it the next one.\n", stamp, stamp)
			return err
		},
	}
}

func install(env *cli.Env, cmd *cobra.Command, s *pi.Store, where string) (string, error) {
	from, err := find(env, cmd, where)
	if err != nil {
		return "", err
	}
	defer from.Close()
	say(env, "Installing %s", where)
	stamp, err := s.Install(cmd.Context(), from)
	return stamp, explain(err)
}

// say shows on a terminal what takes its time.
func say(env *cli.Env, format string, args ...any) {
	if env.Fancy(env.Stderr) {
		fmt.Fprintf(env.Stderr, format+"\n", args...)
	}
}

// newAvail is piadm avail [URL].
func newAvail(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "avail [url]",
		Short:   "list the images that a repository has, none older than the running one",
		Example: "  piadm avail https://images.example.com",
		Args:    command.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			base, err := repository(env)
			if len(args) > 0 {
				base, err = args[0], nil
			}
			if err == nil && base == "" {
				err = explain(pi.ErrNoRepository)
			}
			if err != nil {
				return err
			}
			stamps, err := pi.Available(cmd.Context(), base)
			if err != nil {
				return err
			}
			for _, s := range stamps {
				if s >= live.Stamp() {
					fmt.Fprintln(env.Stdout, s)
				}
			}
			return nil
		},
	}
}
