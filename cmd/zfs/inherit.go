package zfs

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// zfs inherit [-rS] PROPERTY DATASET...
func newInherit(h *zpool.Host) *cobra.Command {
	var o zpool.InheritOptions
	cmd := &cobra.Command{
		Use:     "inherit [-rS] property dataset...",
		Short:   "clear a property, so that the parent's counts",
		Example: "  zfs inherit -r compression zones/data",
		Args:    command.Args(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := inheritable(args[0], o.Received); err != nil {
				return err
			}
			var errs []error
			for _, name := range args[1:] {
				errs = append(errs, h.Inherit(cmd.Context(), name, args[0], o))
			}
			return errors.Join(errs...)
		},
	}
	cmd.Flags().BoolVarP(&o.Recursive, "recursive", "r", false, "of all datasets below too")
	cmd.Flags().BoolVarP(&o.Received, "received", "S", false, "go back to the received value, where there is one")
	return cmd
}

// inheritable says why a property cannot be inherited, in the words of zfs(8).
func inheritable(name string, received bool) error {
	p := dataset.Lookup(name)
	switch {
	case dataset.IsUser(name):
		return nil
	case p == nil || p.Hidden:
		return cli.Usagef("invalid property '%s'", name)
	case p.Change == dataset.ReadOnly:
		return fmt.Errorf("%s property is read-only", p.Name)
	case p.Change != dataset.Local || received:
		return nil
	case p.None == "none" && p.Kind == dataset.Bytes:
		return fmt.Errorf("'%[1]s' property cannot be inherited\nuse 'zfs set %[1]s=none' to clear\nuse 'zfs inherit -S %[1]s' to revert to received value", p.Name)
	}
	return fmt.Errorf("'%s' property cannot be inherited", p.Name)
}
