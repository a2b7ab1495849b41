package mdata

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/meta"
)

// NewGet is mdata-get KEYNAME.
func NewGet(env *cli.Env) *cobra.Command {
	return tool{
		use: "mdata-get <keyname>", short: "print the value of a metadata key",
		least: 1, most: 1, doing: "getting metadata for key", run: get,
	}.command(env)
}

func get(_ context.Context, env *cli.Env, client *meta.Client, args []string) error {
	value, err := client.Get(args[0])
	if err != nil {
		return err
	}
	return printLine(env, value)
}
