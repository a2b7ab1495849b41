package zpool

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zpool import [-d DIR]...
// zpool import [-fN] [-d DIR]... -a | POOL|ID [NEWNAME]
func newImport(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o zpool.ImportOptions
	var all bool
	cmd := &cobra.Command{
		Use:     "import [-fN] [-R root] [-c cachefile] [-d dir|device]... [-a | pool|id [newpool]]",
		Short:   "take pools in use, or list those that could be",
		Example: "  zpool import -d /var zones",
		Args:    command.Args(0, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case all && len(args) > 0:
				return cli.Usagef("too many arguments")
			case all:
				return importAll(cmd, env, h, o)
			case len(args) == 0:
				return listImportable(cmd, env, h, o.Dirs)
			case len(args) == 2:
				o.As = args[1]
			}
			return h.ImportPool(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&all, "all", "a", false, "every pool that is found")
	f.BoolVarP(&o.Force, "force", "f", false, "also a pool that another host did not export")
	f.BoolVarP(&o.NoMount, "no-mount", "N", false, "mount no filesystem")
	f.StringVarP(&o.AltRoot, "altroot", "R", "", "directory below which all mountpoints lie until the pool is exported")
	f.StringVarP(&o.Cache, "cachefile", "c", "", "look on the devices that this file lists")
	f.StringArrayVarP(&o.Dirs, "dir", "d", nil, "look in this directory, or at this device or file")
	return cmd
}

func importAll(cmd *cobra.Command, env *cli.Env, h *zpool.Host, o zpool.ImportOptions) error {
	found, err := h.Importable(cmd.Context(), o.Dirs)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		_, err := fmt.Fprintln(env.Stdout, "no pools available to import")
		return err
	}
	var errs []error
	for _, p := range found {
		errs = append(errs, h.ImportPool(cmd.Context(), p.Name, o))
	}
	return errors.Join(errs...)
}

func listImportable(cmd *cobra.Command, env *cli.Env, h *zpool.Host, dirs []string) error {
	found, err := h.Importable(cmd.Context(), dirs)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		_, err := fmt.Fprintln(env.Stdout, "no pools available to import")
		return err
	}
	var b strings.Builder
	for i, p := range found {
		if i > 0 {
			b.WriteString("\n")
		}
		importable(&b, p)
	}
	_, err = fmt.Fprint(env.Stdout, b.String())
	return err
}

func importable(b *strings.Builder, p zpool.Pool) {
	fmt.Fprintf(b, "   pool: %s\n     id: %s\n  state: %s\n", p.Name, p.GUID, p.Health)
	if p.Reason != "" {
		fmt.Fprintf(b, "status: %s\n", p.Reason)
	}
	b.WriteString(" action: The pool can be imported using its name or numeric identifier.\n config:\n\n")
	fmt.Fprintf(b, "\t%-10s  %s\n", p.Name, p.Health)
	for _, d := range p.Devices {
		fmt.Fprintf(b, "\t  %-8s  %s\n", d.Path, d.Health)
	}
}
