package zoneadm

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
)

func (t *tool) detach() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "detach [-n]",
		Short: "give up a zone but keep its files, to attach them elsewhere",
		Args:  command.NoArgs,
		RunE: t.act(func(cmd *cobra.Command, name string, _ []string) error {
			if !dry {
				return t.zones.Detach(cmd.Context(), name)
			}
			manifest, err := t.zones.DetachManifest(cmd.Context(), name)
			if err != nil {
				return err
			}
			_, err = t.env.Stdout.Write(manifest)
			return err
		}),
	}
	cmd.Flags().BoolVarP(&dry, "no-execute", "n", false, "only print what attach -n needs")
	return cmd
}

func (t *tool) attach() *cobra.Command {
	var force bool
	var manifest string
	cmd := &cobra.Command{
		Use:   "attach [-F | -n path]",
		Short: "take up the files of a detached zone",
		Args:  command.NoArgs,
		RunE: t.act(func(cmd *cobra.Command, name string, _ []string) error {
			switch {
			case force && manifest != "":
				return cli.Usagef("-F and -n exclude each other")
			case manifest == "":
				return t.zones.Attach(cmd.Context(), name, force)
			}
			return t.checkManifest(name, manifest)
		}),
	}
	cmd.Flags().BoolVarP(&force, "force", "F", false, "also files that no detach has left")
	cmd.Flags().StringVarP(&manifest, "no-execute", "n", "", "only check the output of detach -n, in this file or - for stdin")
	return cmd
}

func (t *tool) checkManifest(name, path string) error {
	if path == "-" {
		return t.zones.CheckManifest(name, t.env.Stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return t.zones.CheckManifest(name, f)
}
