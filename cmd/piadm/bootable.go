package piadm

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform/esp"
	"github.com/smartbox-os/smartbox/pkg/platform/live"
	"github.com/smartbox-os/smartbox/pkg/platform/pi"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

type bootableOptions struct {
	enable, disable, refresh bool
	source                   string
}

// newBootable is piadm bootable [-d | -e [-i SOURCE] | -r] [POOL].
func newBootable(env *cli.Env) *cobra.Command {
	var o bootableOptions
	cmd := &cobra.Command{
		Use:     "bootable [-d | -e [-i source] | -r] [pool]",
		Short:   "say which pools boot by themselves, or make one do so",
		Example: "  piadm bootable -e -i latest zones",
		Args:    command.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.source != "" && !o.enable {
				return cli.Usagef("-i goes with -e")
			}
			if o.enable || o.disable || o.refresh {
				if len(args) == 0 {
					return cli.Usagef("name the pool")
				}
				return withHint(o.change(env, cmd, args[0]))
			}
			return listBootable(env, cmd, args)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.enable, "enable", "e", false, "make the pool boot by itself")
	f.BoolVarP(&o.disable, "disable", "d", false, "take the pool's boot loader off")
	f.BoolVarP(&o.refresh, "refresh", "r", false, "write the pool's boot loader anew")
	f.StringVarP(&o.source, "install", "i", "", "install this image first (media)")
	cmd.MarkFlagsMutuallyExclusive("enable", "disable", "refresh")
	return cmd
}

func listBootable(env *cli.Env, cmd *cobra.Command, args []string) error {
	boots, err := live.Bootable(cmd.Context(), zpool.New(env.Root, env.Log), args...)
	if err != nil {
		return err
	}
	for _, b := range boots {
		how := b.How
		if how == "" {
			how = "non-bootable"
		}
		fmt.Fprintf(env.Stdout, "%-30s ==> %s\n", b.Pool, how)
	}
	return nil
}

// withHint tells who has no room for a loader what to do.
func withHint(err error) error {
	if errors.Is(err, esp.ErrNone) {
		return cli.WithHint(err, `smartbox setup with "bootable": true makes room for a boot loader on the pool's disk`)
	}
	return err
}

func (o bootableOptions) change(env *cli.Env, cmd *cobra.Command, pool string) error {
	pools := zpool.New(env.Root, env.Log)
	if err := live.CanBoot(cmd.Context(), pools, pool); err != nil {
		return err
	}
	s, _, err := store(env, cmd, pool)
	if err != nil {
		return err
	}
	if o.disable {
		return live.MakeUnbootable(cmd.Context(), pools, pool, s)
	}
	if o.enable {
		if err := o.prepare(env, cmd, s); err != nil {
			return err
		}
	}
	return writeLoader(env, cmd, pools, pool, s)
}

// prepare installs what -e is to boot. Without -i an image that is installed
// will do; if there is none, it is the one on the medium.
func (o bootableOptions) prepare(env *cli.Env, cmd *cobra.Command, s *pi.Store) error {
	if o.source == "" {
		if _, _, err := s.LoaderImage(); err == nil {
			return nil
		}
		o.source = pi.Media
	}
	stamp, err := install(env, cmd, s, o.source)
	if errors.Is(err, pi.ErrInstalled) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Activate(stamp)
}

func writeLoader(env *cli.Env, cmd *cobra.Command, pools *zpool.Host, pool string, s *pi.Store) error {
	say(env, "Writing the boot loader")
	stamp, err := live.MakeBootable(cmd.Context(), pools, pool, s)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "Pool %s boots by itself, with boot image %s.\n", pool, stamp)
	return err
}

// newUpdate is piadm update [POOL].
func newUpdate(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "update [pool]",
		Short:   "bring a bootable pool's boot image up to the running platform image",
		Example: "  piadm update",
		Args:    command.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withHint(update(env, cmd, arg(args, 0)))
		},
	}
}

var errNotBootable = errors.New("is not bootable")

func update(env *cli.Env, cmd *cobra.Command, pool string) error {
	if pool == "" {
		pool = zpool.SystemPool
	}
	pools := zpool.New(env.Root, env.Log)
	boots, err := live.Bootable(cmd.Context(), pools, pool)
	if err != nil {
		return err
	}
	if len(boots) == 0 || boots[0].How == "" {
		return cli.WithHint(fmt.Errorf("pool %s %w", pool, errNotBootable), "piadm bootable -e makes it so")
	}
	s, _, err := store(env, cmd, pool)
	if err != nil {
		return err
	}
	have, err := s.Loader()
	if err != nil {
		return err
	}
	want, _, err := s.LoaderImage()
	if err != nil {
		return err
	}
	if have == want {
		_, err = fmt.Fprintf(env.Stdout, "Boot image %s of pool %s is up to date.\n", have, pool)
		return err
	}
	return writeLoader(env, cmd, pools, pool, s)
}
