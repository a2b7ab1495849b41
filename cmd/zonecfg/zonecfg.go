// Package zonecfg is zonecfg, which edits the configurations of zones.
package zonecfg

import (
	"bufio"
	"context"
	_ "embed" // the manual
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/zonecfg"
)

// Manual is the manual, in Markdown.
//
//go:embed zonecfg.8.md
var Manual string

// maxLine bounds a line of commands.
const maxLine = 1 << 20

// tool is one call of zonecfg.
type tool struct {
	env   *cli.Env
	zones *zone.Host
	name  string // -z
	uuid  string // -u
	file  string // -f
}

// New is zonecfg.
func New(env *cli.Env) *cobra.Command {
	t := &tool{env: env, zones: zone.New(env.Root, env.Log)}
	root := &cobra.Command{
		Use:   "zonecfg {-z <zone> | -u <uuid>} [-f <command-file> | <command>...]",
		Short: "edit the configuration of a zone",
		Long:  "Edits the configuration of a zone; 'zonecfg help' lists its commands.",
		Example: "  zonecfg -z web \"create; set zonepath=/zones/web; set autoboot=true\"\n" +
			"  zonecfg -z web export\n" +
			"  zonecfg -z web",
		DisableFlagsInUseLine: true,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return zonecfg.Verbs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: t.run,
	}
	f := root.Flags()
	f.SetInterspersed(false)
	f.StringVarP(&t.name, "zone", "z", "", "the zone, by name; it need not exist yet")
	f.StringVarP(&t.uuid, "uuid", "u", "", "the zone, by its uuid")
	f.StringVarP(&t.file, "file", "f", "", "read commands from this file, - for the standard input")
	if err := root.RegisterFlagCompletionFunc("zone", t.completeZone); err != nil {
		panic("zonecfg: " + err.Error()) // the flag's name is wrong
	}
	return root
}

func (t *tool) completeZone(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	names, err := t.zones.Names()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (t *tool) run(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && args[0] == "help" && t.name == "" && t.uuid == "" {
		return t.commands(cmd.Context(), t.session("none"), args)
	}
	if err := t.identify(len(args) > 0); err != nil {
		return err
	}
	s := t.session(t.name)
	switch {
	case len(args) > 0:
		return t.commands(cmd.Context(), s, args)
	case t.file != "" && t.file != "-":
		return t.commandFile(cmd.Context(), s)
	case cli.IsTerminal(t.env.Stdin):
		return t.converse(cmd.Context(), s)
	}
	s.File = t.file
	return t.stream(cmd.Context(), s, t.env.Stdin)
}

// identify finds the zone's name and checks it.
func (t *tool) identify(commands bool) error {
	switch {
	case (t.name == "") == (t.uuid == ""):
		return cli.Usagef("a zone is needed, by -z or by -u")
	case commands && t.file != "":
		return cli.Usagef("commands come from the command line or by -f, not both")
	case t.name == zone.Global:
		return errors.New("the global zone's configuration cannot be edited on this host")
	case t.name != "":
		if err := zone.CheckName(t.name); err != nil {
			return &cli.ExitError{Code: cli.ExitUsage, Err: fmt.Errorf("%s: Bogus zone name: %w", t.name, err)}
		}
		return nil
	}
	list, err := t.zones.List()
	for _, z := range list {
		if z.Config.UUID == t.uuid {
			t.name = z.Name
			return nil
		}
	}
	if err != nil {
		return err
	}
	return &cli.ExitError{Code: cli.ExitUsage, Err: fmt.Errorf("%s: no zone has this uuid", t.uuid)}
}

func (t *tool) session(name string) *zonecfg.Session {
	s := &zonecfg.Session{Zone: name, Store: t.zones, Out: t.env.Stdout, Err: t.env.Stderr, Write: t.write}
	if cli.IsTerminal(t.env.Stdin) {
		s.Ask = func(question string) (yes, ok bool) {
			yes, err := t.env.AskYesNo(question)
			return yes, err == nil
		}
	}
	return s
}

func (t *tool) write(name string, data []byte) error { return os.WriteFile(name, data, 0o644) }

// commands runs the words of the command line, joined by blanks.
func (t *tool) commands(ctx context.Context, s *zonecfg.Session, args []string) error {
	s.Run(ctx, strings.Join(args, " "))
	s.Ask = nil // there is nothing to go back to
	return finish(ctx, s)
}

func (t *tool) commandFile(ctx context.Context, s *zonecfg.Session) error {
	f, err := os.Open(t.file)
	if err != nil {
		return fmt.Errorf("could not open file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", t.file)
	}
	s.File, s.Ask = t.file, nil
	return t.stream(ctx, s, f)
}

// stream runs lines until one fails.
func (t *tool) stream(ctx context.Context, s *zonecfg.Session, r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if !s.Run(ctx, lines.Text()) {
			break
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read commands: %w", err) // nothing is saved
	}
	return finish(ctx, s)
}

// finish ends a session that nobody can be asked about. Its messages have been
// printed.
func finish(ctx context.Context, s *zonecfg.Session) error {
	if ok, _ := s.Finish(ctx); !ok {
		return cli.Exit(cli.ExitFailed)
	}
	return nil
}
