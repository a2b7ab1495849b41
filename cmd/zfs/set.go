package zfs

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zfs set PROPERTY=VALUE... DATASET...
func newSet(h *zpool.Host) *cobra.Command {
	return &cobra.Command{
		Use:     "set property=value... dataset...",
		Short:   "change properties",
		Example: "  zfs set quota=20G compression=lz4 zones/data",
		Args:    command.Args(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n := 0
			for n < len(args) && strings.Contains(args[n], "=") {
				n++
			}
			props, err := properties(args[:n])
			if err != nil {
				return err
			}
			if n == 0 || n == len(args) {
				return cli.Usagef("missing %s", []string{"property=value argument", "dataset name(s)"}[min(n, 1)])
			}
			var errs []error
			for _, name := range args[n:] {
				errs = append(errs, h.Set(cmd.Context(), name, props))
			}
			return errors.Join(errs...)
		},
	}
}
