// Package piadm is the piadm command: platform images on the pool.
package piadm

import (
	_ "embed" // the manual
	"errors"
	"fmt"
	"path/filepath"
	"strings"

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
	root.AddCommand(newActivate(env), newAvail(env), newBootable(env), newInstall(env), newList(env), newRemove(env), newUpdate())
	for _, verb := range root.Commands() {
		verb.DisableFlagsInUseLine = true
	}
	return root
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

// explain adds to a refused signature what to do.
func explain(err error) error {
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

func newInstall(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "install directory|file.iso|url [pool]",
		Short:   "put an image onto the pool; its signature is checked first",
		Example: "  piadm install https://images.example.com/20260102T150405Z",
		Args:    command.Args(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, _, err := store(env, cmd, arg(args, 1))
			if err != nil {
				return err
			}
			from, err := pi.OpenSource(args[0])
			if err != nil {
				return err
			}
			defer from.Close()
			stamp, err := s.Install(cmd.Context(), from)
			if err != nil {
				return explain(err)
			}
			_, err = fmt.Fprintf(env.Stdout, "Platform image %s is installed; piadm activate %s makes it the next one.\n", stamp, stamp)
			return err
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

func newAvail(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "avail url",
		Short:   "list the images that a server has",
		Example: "  piadm avail https://images.example.com",
		Args:    command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			stamps, err := pi.Available(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			for _, s := range stamps {
				fmt.Fprintln(env.Stdout, s)
			}
			return nil
		},
	}
}

// errNoESP says what is not there, instead of seeming to do it.
var errNoESP = errors.New("pools get no boot loader of their own yet: keep a stick, ISO or PXE server, whose image enters the pool's")

func newBootable(env *cli.Env) *cobra.Command {
	var enable, disable bool
	cmd := &cobra.Command{
		Use:     "bootable [-d | -e] [pool]",
		Short:   "say which pools boot by themselves",
		Example: "  piadm bootable",
		Args:    command.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if enable || disable {
				return errNoESP
			}
			pools, err := zpool.New(env.Root, env.Log).Pools(cmd.Context(), args...)
			if err != nil {
				return err
			}
			for _, p := range pools {
				fmt.Fprintf(env.Stdout, "%-30s ==> non-bootable\n", p.Name)
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&enable, "enable", "e", false, "refused: not there yet")
	cmd.Flags().BoolVarP(&disable, "disable", "d", false, "refused: not there yet")
	return cmd
}

func newUpdate() *cobra.Command {
	return &cobra.Command{
		Use:     "update [pool]",
		Short:   "refused: it is for Triton's compute nodes",
		Example: "  piadm install URL && piadm activate STAMP",
		Args:    command.Args(0, 1),
		RunE: func(*cobra.Command, []string) error {
			return cli.WithHint(errors.New("update: is for Triton's compute nodes"), "piadm install and piadm activate do it here")
		},
	}
}

func newList(env *cli.Env) *cobra.Command {
	var bare bool
	cmd := &cobra.Command{
		Use:     "list [-H] [pool]",
		Short:   "list the pool's images",
		Example: "  piadm list",
		Args:    command.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, dataset, err := store(env, cmd, arg(args, 0))
			if err != nil {
				return err
			}
			all, err := s.List()
			if err != nil {
				return err
			}
			return printList(env, bare, dataset, all)
		},
	}
	cmd.Flags().BoolVarP(&bare, "no-header", "H", false, "no header, a tab between fields")
	return cmd
}

func printList(env *cli.Env, bare bool, dataset string, all []pi.Entry) error {
	var b strings.Builder
	row := func(cells ...string) {
		if bare {
			b.WriteString(strings.Join(cells, "\t") + "\n")
			return
		}
		fmt.Fprintf(&b, "%-18s %-30s %-12s %-5s %s\n", cells[0], cells[1], cells[2], cells[3], cells[4])
	}
	if !bare {
		row("PI STAMP", "BOOTABLE FILESYSTEM", "BOOT IMAGE", "NOW", "NEXT")
	}
	for _, e := range all {
		image := "none"
		switch {
		case e.Next:
			image = "next"
		case e.Whole:
			image = "available"
		}
		row(e.Stamp, dataset, image, yes(e.Now), yes(e.Next))
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
