// Package mdata is mdata-get, mdata-put, mdata-list and mdata-delete, by which
// a zone reads and writes its own metadata. They run inside zones.
package mdata

import (
	"context"
	_ "embed" // the manuals
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/meta"
)

// Exit codes, as scripts in images test them.
const (
	exitNotFound = 1
	exitError    = 2
	exitUsage    = 3
)

// The manuals, in Markdown.
var (
	//go:embed mdata-get.8.md
	GetManual string
	//go:embed mdata-put.8.md
	PutManual string
	//go:embed mdata-list.8.md
	ListManual string
	//go:embed mdata-delete.8.md
	DeleteManual string
)

// tool is what the four have in common: their words are operands, also those
// that begin with a dash, since a key may.
type tool struct {
	use, short  string
	least, most int // operands
	doing       string
	run         func(ctx context.Context, env *cli.Env, client *meta.Client, args []string) error
}

func (t tool) command(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:                   t.use,
		Short:                 t.short,
		DisableFlagParsing:    true,
		DisableFlagsInUseLine: true,
		Annotations:           map[string]string{command.Prefix: ""},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
				return cmd.Help()
			}
			if len(args) > 0 && args[0] == "--" {
				args = args[1:]
			}
			if len(args) < t.least || len(args) > t.most {
				return exit(exitUsage, "%s: Usage: %s", cmd.Name(), t.use)
			}
			return t.ask(cmd.Context(), env, args)
		},
	}
}

func (t tool) ask(ctx context.Context, env *cli.Env, args []string) error {
	client, err := dial(ctx, env)
	if err != nil {
		return exit(exitError, "ERROR: could not initialise protocol: %w", err)
	}
	defer client.Close()
	return t.word(t.run(ctx, env, client, args), args)
}

func dial(ctx context.Context, env *cli.Env) (*meta.Client, error) {
	paths := make([]string, len(meta.SocketPaths))
	for i, p := range meta.SocketPaths {
		paths[i] = env.Root.Join(p)
	}
	return meta.Dial(ctx, paths...)
}

// word gives an error its text and exit code.
func (t tool) word(err error, args []string) error {
	refusal, isRefusal := errors.AsType[*meta.Refusal](err)
	worded, isWorded := errors.AsType[*cli.ExitError](err)
	name, _, _ := strings.Cut(t.use, " ")
	switch {
	case err == nil:
		return nil
	case isWorded:
		return worded
	case errors.Is(err, meta.ErrNotFound):
		return exit(exitNotFound, "No metadata%s", forKey(" for '%s'", args))
	case errors.Is(err, meta.ErrUnsupported):
		return exit(exitError, "ERROR: host does not support %s", name)
	case isRefusal:
		return exit(exitError, "Error %s%s: %s", t.doing, forKey(" '%s'", args), refusal.Reason)
	}
	return exit(exitError, "ERROR: could not execute %s: %w", name, err)
}

func forKey(format string, args []string) string {
	if len(args) == 0 {
		return ""
	}
	return fmt.Sprintf(format, args[0])
}

func exit(code int, format string, args ...any) error {
	return &cli.ExitError{Code: code, Err: fmt.Errorf(format, args...)}
}

// printLine prints a value, ending it with a line feed if it has none.
func printLine(env *cli.Env, value string) error {
	if !strings.HasSuffix(value, "\n") {
		value += "\n"
	}
	_, err := fmt.Fprint(env.Stdout, value)
	return err
}
