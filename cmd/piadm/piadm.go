// Package piadm is the piadm command: platform images on the pool.
package piadm

import (
	_ "embed" // the manual
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform"
	"github.com/smartbox-os/smartbox/pkg/platform/live"
	"github.com/smartbox-os/smartbox/pkg/platform/pi"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// Manual is piadm.8.md.
//
//go:embed piadm.8.md
var Manual string

// New builds the command tree.
func New(env *cli.Env) *cobra.Command {
	root := &cobra.Command{
		Use:     "piadm COMMAND [ARG...]",
		Short:   "administer platform images on the pool",
		Example: "  piadm install /root/smartbox.iso && piadm activate 20260102T150405Z && reboot",
		Args:    cobra.ArbitraryArgs,
		RunE:    command.NeedVerb,
	}
	root.AddCommand(newActivate(env), newAvail(env), newBootable(env), newInstall(env), newList(env), newRemove(env), newUpdate(env))
	for _, verb := range root.Commands() {
		verb.DisableFlagsInUseLine = true
		verb.RunE = withCodes(verb.RunE)
	}
	return root
}

// exitCorrupt is the exit code for images or records on a pool that are damaged.
const exitCorrupt = 3

// withCodes gives errors the exit codes that piadm has for them.
func withCodes(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if errors.Is(err, pi.ErrCorrupt) {
			return &cli.ExitError{Code: exitCorrupt, Err: err}
		}
		return err
	}
}

// store opens the images of a pool, the system's when none is named.
func store(env *cli.Env, cmd *cobra.Command, pool string) (*pi.Store, string, error) {
	if pool == "" {
		pool = zpool.SystemPool
	}
	dataset := pool + "/boot"
	pools := zpool.New(env.Root, env.Log)
	err := pools.Mount(cmd.Context(), dataset)
	if errors.Is(err, zpool.ErrNotFound) {
		err = pools.Create(cmd.Context(), dataset, zpool.CreateOptions{})
	}
	if err != nil {
		return nil, "", err
	}
	dir, err := pools.Mountpoint(cmd.Context(), dataset)
	if err != nil {
		return nil, "", err
	}
	keys, err := platform.Keys(env.Root.Join(platform.KeysDir), filepath.Join(env.Root.Usbkey(), "platform-keys"))
	if err != nil {
		return nil, "", err
	}
	return &pi.Store{Dir: dir, Keys: keys, Running: live.Stamp()}, dataset, nil
}

// arg is the n-th argument, empty when there are fewer.
func arg(args []string, n int) string {
	if n < len(args) {
		return args[n]
	}
	return ""
}

// explain adds what to do.
func explain(err error) error {
	if errors.Is(err, pi.ErrNoRepository) {
		return cli.WithHint(err, "put piadm_url=https://... into /usbkey/config")
	}
	if errors.Is(err, platform.ErrUntrusted) {
		return cli.WithHint(err, "put the signer's public key (*.pub) into /usbkey/platform-keys if you trust it")
	}
	return err
}

func newActivate(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "activate stamp [pool]",
		Aliases: []string{"assign"},
		Short:   "run an image from the next boot on",
		Example: "  piadm activate 20260102T150405Z",
		Args:    command.Args(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, _, err := store(env, cmd, arg(args, 1))
			if err != nil {
				return err
			}
			return explain(s.Activate(args[0]))
		},
	}
}

func newRemove(env *cli.Env) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:     "remove [-f] stamp [pool]",
		Aliases: []string{"destroy"},
		Short:   "take an image off the pool",
		Example: "  piadm remove 20260102T150405Z",
		Args:    command.Args(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, _, err := store(env, cmd, arg(args, 1))
			if err != nil {
				return err
			}
			return s.Remove(args[0], force)
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "also the image to go back to")
	return cmd
}
