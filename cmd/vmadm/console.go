package vmadm

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/term"
)

// escape is ^]; at the start of a line and before a full stop it leaves the
// console.
const escape = 0x1d

// newConsole is vmadm console UUID.
func newConsole(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:               "console UUID",
		Short:             "connect to a running machine's console; ^]. leaves it",
		Args:              machineArg(1, 1),
		ValidArgsFunction: completeMachine(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return console(cmd.Context(), env, args[0])
		},
	}
}

func console(ctx context.Context, env *cli.Env, uuid string) error {
	line, err := host(env).Console(ctx, uuid)
	if err != nil {
		return err
	}
	defer line.Close()
	keys := env.Stdin
	if here := term.Of(env.Stdin); here != nil {
		if err := here.Raw(); err != nil {
			return err
		}
		defer here.Restore() //nolint:errcheck // the terminal may be gone
		keys = &term.Escapes{In: env.Stdin, Char: escape, Suspend: func() {
			if err := here.Suspend(); err != nil {
				env.Log.Warn("suspend", "error", err)
			}
		}}
	}
	left := make(chan error, 1)
	go func() {
		_, err := io.Copy(line, keys)
		left <- err
		line.Close()
	}()
	_, err = io.Copy(env.Stdout, line)
	select {
	case typed := <-left:
		if typed == nil || errors.Is(typed, term.ErrLeft) {
			return nil // we left, which ends the reading too
		}
	default:
	}
	return err
}
