package mdata

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/meta"
)

// NewList is mdata-list.
func NewList(env *cli.Env) *cobra.Command {
	return tool{
		use: "mdata-list", short: "list the metadata keys",
		doing: "getting metadata", run: list,
	}.command(env)
}

func list(_ context.Context, env *cli.Env, client *meta.Client, _ []string) error {
	keys, err := client.Keys()
	if err != nil || len(keys) == 0 {
		return err
	}
	return printLine(env, strings.Join(keys, "\n"))
}
