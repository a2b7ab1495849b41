package zpool

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zpool set PROPERTY=VALUE POOL
func newSet(h *zpool.Host) *cobra.Command {
	return &cobra.Command{
		Use:     "set property=value pool",
		Short:   "change a property of a pool",
		Example: "  zpool set comment='first shelf' zones",
		Args:    command.Args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			prop, value, ok := strings.Cut(args[0], "=")
			if !ok {
				return cli.Usagef("missing value in property=value argument")
			}
			return h.SetPool(cmd.Context(), args[1], prop, value)
		},
	}
}
