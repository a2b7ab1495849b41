// Package command turns cobra into the command line that SmartOS users know:
// usage errors exit 2, -? is -h, help goes to stdout when asked for and to
// stderr when not. The tools build their trees with it; it knows none of them.
package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/cli"
)

// Run executes the tool's tree with args (without the tool's name) and returns
// the exit code. Errors are worded here, once: "TOOL: message" and hints.
func Run(env *cli.Env, root *cobra.Command, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	prepare(env, root)
	if _, literal := root.Annotations[Literal]; !literal {
		args = questionMark(args)
	} else if len(args) > 0 {
		args = append(questionMark(args[:1]), args[1:]...)
	}
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return report(env, cmd, err)
}

// Prefix is the annotation of a root command that replaces "TOOL: " before
// its error messages.
const Prefix = "error-prefix"

// Literal is the annotation of a root command whose operands are not its own
// words, but somebody else's command: -? is help as the first word alone.
const Literal = "literal-operands"

// OwnFlagErrors is the annotation of a root command that words errors in flags
// itself.
const OwnFlagErrors = "own-flag-errors"

func prepare(env *cli.Env, root *cobra.Command) {
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.CompletionOptions.HiddenDefaultCmd = true
	if _, own := root.Annotations[OwnFlagErrors]; own {
		return
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return cli.Usagef("%w", err)
	})
}

// questionMark lets -? ask for help as getopt's programs do.
func questionMark(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if a == "--" {
			copy(out[i:], args[i:])
			break
		}
		if a == "-?" {
			a = "-h"
		}
		out[i] = a
	}
	return out
}

func report(env *cli.Env, cmd *cobra.Command, err error) int {
	if err == nil {
		return cli.ExitOK
	}
	code := cli.Code(err)
	exit, isExit := errors.AsType[*cli.ExitError](err)
	if isExit && exit.Err == nil {
		return code
	}
	prefix, ok := cmd.Root().Annotations[Prefix]
	if !ok {
		prefix = cmd.Root().Name() + ": "
	}
	fmt.Fprintf(env.Stderr, "%s%s\n", prefix, oneLine(err))
	if hint, ok := errors.AsType[*cli.HintError](err); ok {
		fmt.Fprintf(env.Stderr, "hint: %s\n", hint.Hint)
	}
	if isExit && exit.Usage {
		fmt.Fprintln(env.Stderr, strings.TrimRight(cmd.UsageString(), "\n"))
	}
	return code
}

func oneLine(err error) string {
	return strings.ReplaceAll(strings.TrimRight(err.Error(), "\n"), "\n", "; ")
}

// NoArgs refuses operands as a usage error.
func NoArgs(cmd *cobra.Command, args []string) error { return Args(0, 0)(cmd, args) }

// Args wants between low and high operands (high < 0: any number above low).
func Args(low, high int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < low:
			return cli.Usagef("missing argument")
		case high >= 0 && len(args) > high:
			return cli.Usagef("unexpected argument %q", args[high])
		}
		return nil
	}
}

// NeedVerb is the RunE of a root whose work lies in its verbs.
func NeedVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cli.Usagef("missing command")
	}
	return cli.Usagef("unknown command %q", args[0])
}
