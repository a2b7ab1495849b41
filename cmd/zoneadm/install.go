package zoneadm

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

type installOptions struct {
	image    string
	snapshot string
	quota    string
	x        string
}

func (t *tool) install() *cobra.Command {
	var o installOptions
	cmd := &cobra.Command{
		Use:   "install [-t image | -s snapshot] [-q quota] [-x nodataset]",
		Short: "make a configured zone's files",
		Args:  command.NoArgs,
		RunE: t.act(func(cmd *cobra.Command, name string, _ []string) error {
			options, err := t.installOptions(cmd.Context(), o)
			if err != nil {
				return err
			}
			return t.zones.Install(cmd.Context(), name, options)
		}),
	}
	f := cmd.Flags()
	f.StringVarP(&o.image, "template", "t", "", "clone the image of this uuid")
	f.StringVarP(&o.snapshot, "snapshot", "s", "", "clone this snapshot of a dataset")
	f.StringVarP(&o.quota, "quota", "q", "", "quota of the zone's dataset, in GiB")
	f.StringVarP(&o.x, "extra", "x", "", "nodataset: plain directories, not a dataset")
	return cmd
}

func (t *tool) installOptions(ctx context.Context, o installOptions) (zone.InstallOptions, error) {
	to := zone.InstallOptions{Origin: o.snapshot, Plain: o.x != ""}
	switch {
	case o.x != "" && o.x != "nodataset":
		return to, cli.Usagef("-x %q: only nodataset is possible", o.x)
	case o.image != "" && o.snapshot != "":
		return to, cli.Usagef("-t and -s exclude each other")
	case to.Plain && (o.image != "" || o.snapshot != "" || o.quota != ""):
		return to, cli.Usagef("-t, -s and -q need a dataset, so -x nodataset does not go with them")
	}
	if o.quota != "" {
		n, err := strconv.ParseUint(o.quota, 10, 32)
		if err != nil || n == 0 {
			return to, cli.Usagef("-q %q: a number of GiB is needed", o.quota)
		}
		to.Props = map[string]string{"quota": strconv.FormatUint(n<<30, 10)}
	}
	if o.image != "" {
		image, err := img.New(t.env.Root, t.env.Log).Installed(ctx, o.image, "")
		if err != nil {
			return to, fmt.Errorf("image %s: %w", o.image, err)
		}
		to.Origin = image.Snapshot()
	}
	return to, nil
}

func (t *tool) uninstall() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "uninstall [-F]",
		Short: "destroy a zone's files; its configuration stays",
		Args:  command.NoArgs,
		RunE: t.act(func(cmd *cobra.Command, name string, _ []string) error {
			if !force {
				if err := t.confirm("uninstall", name); err != nil {
					return err
				}
			}
			return t.zones.Uninstall(cmd.Context(), name)
		}),
	}
	cmd.Flags().BoolVarP(&force, "force", "F", false, "do not ask")
	return cmd
}

func (t *tool) clone() *cobra.Command {
	var method string
	var o zone.CloneOptions
	cmd := &cobra.Command{
		Use:               "clone [-m copy] [-s snapshot] source_zone",
		Short:             "install a zone as a copy of another",
		Args:              command.Args(1, 1),
		ValidArgsFunction: t.completeZone,
		RunE: t.act(func(cmd *cobra.Command, name string, args []string) error {
			if method != "" && method != "copy" && method != "clone" {
				return cli.Usagef("-m %q: only copy and clone are possible", method)
			}
			o.Copy = method == "copy"
			if _, err := t.zones.Load(args[0]); err != nil {
				return sayf("source zone %s: No such zone configured", args[0])
			}
			return t.zones.Clone(cmd.Context(), name, args[0], o)
		}),
	}
	cmd.Flags().StringVarP(&method, "method", "m", "", "copy: file by file; clone: as a clone of its dataset")
	cmd.Flags().StringVarP(&o.Snapshot, "snapshot", "s", "", "a snapshot that an earlier clone took, to clone again")
	return cmd
}
