package zfs

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type destroyOptions struct {
	zpool.DestroyOptions
	dryRun, verbose, parsable bool
}

// zfs destroy [-dfnpRrv] DATASET|SNAPSHOT[,SNAP[%SNAP]]...
func newDestroy(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o destroyOptions
	cmd := &cobra.Command{
		Use:     "destroy [-dfnpRrv] dataset | snapshot[%snapname][,...]",
		Short:   "remove a dataset or snapshots",
		Example: "  zfs destroy -r zones/data\n  zfs destroy zones/data@monday%friday",
		Args:    command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := h.Snapshots(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if o.dryRun || o.verbose {
				if err := o.tell(cmd, env, h, names); err != nil || o.dryRun {
					return err
				}
			}
			return h.DestroyAll(cmd.Context(), names, o.DestroyOptions)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.Recursive, "recursive", "r", false, "children too; of a snapshot: those of that name below")
	f.BoolVarP(&o.Dependents, "dependents", "R", false, "everything that depends on it too, clones as well")
	f.BoolVarP(&o.Force, "force", "f", false, "unmount even what is busy")
	f.BoolVarP(&o.Defer, "defer", "d", false, "a snapshot with clones or holds goes when they have gone")
	f.BoolVarP(&o.dryRun, "dry-run", "n", false, "remove nothing")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print what is removed")
	f.BoolVarP(&o.parsable, "parsable", "p", false, "with -nv: print for scripts")
	return cmd
}

// tell prints what would go.
func (o *destroyOptions) tell(cmd *cobra.Command, env *cli.Env, h *zpool.Host, names []string) error {
	doomed, err := h.Doomed(cmd.Context(), names, o.DestroyOptions)
	if err != nil || !o.verbose {
		return err
	}
	freed, err := h.Reclaimed(cmd.Context(), doomed)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, name := range doomed {
		switch {
		case o.parsable:
			fmt.Fprintf(&b, "destroy\t%s\n", name)
		case o.dryRun:
			fmt.Fprintf(&b, "would destroy %s\n", name)
		default:
			fmt.Fprintf(&b, "will destroy %s\n", name)
		}
	}
	switch {
	case !strings.Contains(names[0], "@"):
	case o.parsable:
		fmt.Fprintf(&b, "reclaim\t%d\n", freed)
	case o.dryRun:
		fmt.Fprintf(&b, "would reclaim %s\n", dataset.HumanSize(freed))
	default:
		fmt.Fprintf(&b, "will reclaim %s\n", dataset.HumanSize(freed))
	}
	_, err = fmt.Fprint(env.Stdout, b.String())
	return err
}
