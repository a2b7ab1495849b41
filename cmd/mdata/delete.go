package mdata

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/meta"
)

// NewDelete is mdata-delete KEYNAME.
func NewDelete(env *cli.Env) *cobra.Command {
	return tool{
		use: "mdata-delete <keyname>", short: "remove a metadata key",
		least: 1, most: 1, doing: "deleting metadata key", run: remove,
	}.command(env)
}

func remove(_ context.Context, _ *cli.Env, client *meta.Client, args []string) error {
	return client.Delete(args[0])
}
