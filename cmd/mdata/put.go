package mdata

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/meta"
)

// NewPut is mdata-put KEYNAME [VALUE]; without a value it reads stdin.
func NewPut(env *cli.Env) *cobra.Command {
	return tool{
		use: "mdata-put <keyname> [ <value> ]", short: "set a metadata key",
		least: 1, most: 2, doing: "putting metadata for key", run: put,
	}.command(env)
}

func put(_ context.Context, env *cli.Env, client *meta.Client, args []string) error {
	value, err := valueOf(env, args)
	if err != nil {
		return err
	}
	return client.Put(args[0], value)
}

func valueOf(env *cli.Env, args []string) (string, error) {
	if len(args) == 2 {
		return args[1], nil
	}
	if cli.IsTerminal(env.Stdin) {
		return "", exit(exitError, "ERROR: either specify the metadata value as the second "+
			"command-line argument, or pipe content to stdin.")
	}
	// One byte more than fits, so that the host's refusal does not need it all.
	value, err := io.ReadAll(io.LimitReader(env.Stdin, meta.MaxLine+1))
	if err != nil {
		return "", exit(exitError, "ERROR: could not read from stdin: %w", err)
	}
	return string(value), nil
}
