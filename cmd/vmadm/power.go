package vmadm

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

// newStart is vmadm start UUID [order=ORDER] [cdrom=PATH,MODEL] [disk=PATH,MODEL].
func newStart(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:               "start UUID [order=ORDER] [cdrom=PATH,MODEL] [disk=PATH,MODEL]",
		Aliases:           []string{"boot"},
		Short:             "boot a stopped machine",
		Args:              machineArg(1, -1),
		ValidArgsFunction: completeMachine(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := startOptions(args[1:])
			if err != nil {
				return err
			}
			err = host(env).Start(cmd.Context(), args[0], o)
			if err != nil {
				return unchanged(env, worded("Unable to start VM %s: %w", args[0], err))
			}
			say(env, "Successfully started VM %s", args[0])
			return nil
		},
	}
}

func startOptions(words []string) (vm.StartOptions, error) {
	var o vm.StartOptions
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		switch {
		case key == "order" && o.Order != "":
			return o, cli.Usagef("Can only specify 'order' once.")
		case key == "order" && value != "":
			o.Order = value
		case key == "cdrom" || key == "disk":
			path, model, ok := strings.Cut(value, ",")
			if !ok || path == "" || model == "" {
				return o, cli.Usagef("Parameters to %q must be of the form: %s=PATH,MODEL", key, key)
			}
			o.Disks = append(o.Disks, vm.BootDisk{Media: key, Path: path, Model: model})
		default:
			return o, cli.Usagef("Unknown argument to start: %q", word)
		}
	}
	return o, nil
}

// unchanged turns an error that says that there was nothing to do into a line
// and success.
func unchanged(env *cli.Env, err error) error {
	if _, ok := errors.AsType[*vm.NoChangeError](err); ok {
		say(env, "%v", err)
		return nil
	}
	return err
}

// newStop is vmadm stop UUID [-F] [-t SECONDS].
func newStop(env *cli.Env) *cobra.Command {
	var o vm.StopOptions
	var timeout string
	cmd := &cobra.Command{
		Use:               "stop UUID",
		Aliases:           []string{"halt"},
		Short:             "stop a machine",
		Args:              machineArg(1, 1),
		ValidArgsFunction: completeMachine(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("timeout") {
				seconds, err := strconv.Atoi(timeout)
				if err != nil || seconds < 0 {
					return cli.Usagef("Invalid timeout %q", timeout)
				}
				d := time.Duration(seconds) * time.Second
				o.Timeout = &d
			}
			err := host(env).Stop(cmd.Context(), args[0], o)
			if err != nil {
				return unchanged(env, err)
			}
			say(env, "Successfully completed stop for VM %s", args[0])
			return nil
		},
	}
	cmd.Flags().BoolVarP(&o.Force, "force", "F", false, "at once, without asking the machine")
	cmd.Flags().StringVarP(&timeout, "timeout", "t", "", "force it after `SECONDS`")
	return cmd
}

// newReboot is vmadm reboot UUID [-F].
func newReboot(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "reboot UUID",
		Short:             "restart a running machine",
		Args:              machineArg(1, 1),
		ValidArgsFunction: completeMachine(env),
	}
	force := cmd.Flags().BoolP("force", "F", false, "at once, without asking the machine")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := host(env).Reboot(cmd.Context(), args[0], *force); err != nil {
			return err
		}
		say(env, "Successfully completed reboot for VM %s", args[0])
		return nil
	}
	return cmd
}

// newDelete is vmadm delete UUID.
func newDelete(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:               "delete UUID",
		Aliases:           []string{"destroy"},
		Short:             "stop and remove a machine",
		Args:              machineArg(1, 1),
		ValidArgsFunction: completeMachine(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := host(env).Delete(cmd.Context(), args[0]); err != nil {
				return worded("Failed to delete VM %s: %w", args[0], err)
			}
			say(env, "Successfully deleted VM %s", args[0])
			return nil
		},
	}
}

// action is a verb on a machine and one more word.
type action func(h *vm.Host, ctx context.Context, uuid, word string) error

func snapshotVerb(env *cli.Env, use, short, done string, do action) *cobra.Command {
	return &cobra.Command{
		Use:               use + " UUID NAME",
		Short:             short,
		Args:              machineArg(2, 2),
		ValidArgsFunction: completeMachine(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := do(host(env), cmd.Context(), args[0], args[1]); err != nil {
				return err
			}
			say(env, "%s snapshot %s for VM %s", done, args[1], args[0])
			return nil
		},
	}
}

func newCreateSnapshot(env *cli.Env) *cobra.Command {
	return snapshotVerb(env, "create-snapshot", "take a snapshot of a machine", "Created", (*vm.Host).CreateSnapshot)
}

func newDeleteSnapshot(env *cli.Env) *cobra.Command {
	return snapshotVerb(env, "delete-snapshot", "remove a snapshot", "Deleted", (*vm.Host).DeleteSnapshot)
}

func newRollbackSnapshot(env *cli.Env) *cobra.Command {
	return snapshotVerb(env, "rollback-snapshot", "bring a machine back to a snapshot, and start it", "Rolled back",
		(*vm.Host).RollbackSnapshot)
}
