package zoneadm

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// shutdownPatience is how long init may take to end a zone before it is
// halted.
const shutdownPatience = 60 * time.Second

// bootOptions reads boot arguments: -i INIT, and everything else for init.
func bootOptions(args []string) (zone.BootOptions, error) {
	var o zone.BootOptions
	for i := 0; i < len(args); i++ {
		if args[i] != "-i" {
			o.Args = append(o.Args, args[i])
			continue
		}
		if i++; i == len(args) {
			return o, cli.Usagef("the boot argument -i needs a path")
		}
		o.Init = args[i]
	}
	return o, nil
}

func (t *tool) boot() *cobra.Command {
	var single bool
	cmd := &cobra.Command{
		Use:   "boot [-- boot_arguments]",
		Short: "boot an installed or ready zone",
		RunE: t.act(func(cmd *cobra.Command, name string, args []string) error {
			if single {
				args = append([]string{"-s"}, args...)
			}
			o, err := bootOptions(args)
			if err != nil {
				return err
			}
			return t.zones.Boot(cmd.Context(), name, o)
		}),
	}
	cmd.Flags().BoolVarP(&single, "single-user", "s", false, "the same as the boot argument -s")
	return cmd
}

func (t *tool) reboot() *cobra.Command {
	return &cobra.Command{
		Use:   "reboot [-- boot_arguments]",
		Short: "halt and boot a running zone",
		RunE: t.act(func(cmd *cobra.Command, name string, args []string) error {
			o, err := bootOptions(args)
			if err != nil {
				return err
			}
			return t.zones.Reboot(cmd.Context(), name, o)
		}),
	}
}

func (t *tool) shutdown() *cobra.Command {
	var reboot bool
	cmd := &cobra.Command{
		Use:   "shutdown [-r]",
		Short: "let a zone's init end it, -r and boot it again",
		Args:  command.NoArgs,
		RunE: t.act(func(cmd *cobra.Command, name string, _ []string) error {
			s, err := t.zones.Status(name)
			if err == nil && s.Run == nil {
				err = &zone.StateError{Op: "shutdown", Zone: name, State: s.State}
			}
			if err != nil {
				return err
			}
			return t.zones.Shutdown(cmd.Context(), name, shutdownPatience, reboot)
		}),
	}
	cmd.Flags().BoolVarP(&reboot, "reboot", "r", false, "boot the zone again")
	return cmd
}

func (t *tool) halt() *cobra.Command {
	return &cobra.Command{
		Use:   "halt",
		Short: "end a zone at once, without its shutdown scripts",
		Args:  command.NoArgs,
		RunE: t.act(func(cmd *cobra.Command, name string, _ []string) error {
			return t.zones.Halt(cmd.Context(), name)
		}),
	}
}

func (t *tool) ready() *cobra.Command {
	return &cobra.Command{
		Use:   "ready",
		Short: "make all of a zone but its processes",
		Args:  command.NoArgs,
		RunE: t.act(func(cmd *cobra.Command, name string, _ []string) error {
			return t.zones.Ready(cmd.Context(), name)
		}),
	}
}
