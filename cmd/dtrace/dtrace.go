// Package dtrace is dtrace(8): options in, one run of pkg/dtrace, text out.
package dtrace

import (
	_ "embed" // the manual
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	lib "github.com/smartbox-os/smartbox/pkg/dtrace"
	"github.com/smartbox-os/smartbox/pkg/dtrace/consume"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
	"github.com/smartbox-os/smartbox/pkg/dtrace/sema"
)

// Manual is dtrace(8) in Markdown.
//
//go:embed dtrace.8.md
var Manual string

type options struct {
	programs []string
	script   string
	quiet    bool
	compile  bool
	list     bool
	destruct bool
	sets     []string
}

// New builds dtrace.
func New(env *cli.Env) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "dtrace [-elqw] [-x OPTION[=VALUE]] [-n PROBE | -s SCRIPT] [ARG...]",
		Short: "trace the kernel and processes with programs in D",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, env, args)
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	f.StringArrayVarP(&o.programs, "name", "n", nil, "a program: probe descriptions and clauses")
	f.StringVarP(&o.script, "script", "s", "", "compile the script FILE")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only what the program asks for")
	f.BoolVarP(&o.compile, "exit", "e", false, "exit after compiling, before any probe is enabled")
	f.BoolVarP(&o.list, "list", "l", false, "list probes instead of enabling them")
	f.BoolVarP(&o.destruct, "destructive", "w", false, "allow destructive actions")
	f.StringArrayVarP(&o.sets, "option", "x", nil, "set an option of compiler or run")
	return cmd
}

func (o *options) run(cmd *cobra.Command, env *cli.Env, args []string) error {
	db, err := probe.Load()
	if err != nil {
		return err
	}
	if o.list {
		return o.listProbes(env, db)
	}
	sources, err := o.sources(args)
	if err != nil {
		return err
	}
	unit, err := lib.Compile(db, sources, lib.CompileOptions{Sema: sema.Options{
		StrSize: 256, Destructive: o.destruct, StackFrames: 20, UStackFrame: 20,
	}})
	if err != nil {
		return worded(err)
	}
	for _, p := range unit.Pragmas {
		if len(p) == 3 && p[0] == "D" && p[1] == "option" && p[2] == "quiet" {
			o.quiet = true
		}
	}
	if o.compile {
		return nil
	}
	return o.trace(cmd, env, unit, sources)
}

func (o *options) sources(args []string) ([]lib.Source, error) {
	var all []lib.Source
	for _, p := range o.programs {
		all = append(all, lib.Source{Name: p, Text: p, Args: append([]string{"dtrace"}, args...)})
	}
	if o.script != "" {
		text, err := os.ReadFile(o.script)
		if err != nil {
			return nil, err
		}
		all = append(all, lib.Source{Name: o.script, Text: string(text), Script: true, Args: append([]string{o.script}, args...)})
	}
	if len(all) == 0 {
		return nil, cli.Usagef("nothing to do: give a program with -n or -s")
	}
	return all, nil
}

func worded(err error) error {
	c, ok := errors.AsType[*lib.CompileError](err)
	if !ok {
		return err
	}
	if c.Source.Script {
		return fmt.Errorf("failed to compile script %s: %w", c.Source.Name, c.Err)
	}
	return fmt.Errorf("invalid probe specifier %s: %s", c.Source.Name, c.Err.Msg)
}

func (o *options) trace(cmd *cobra.Command, env *cli.Env, unit *lib.Unit, sources []lib.Source) error {
	s, err := lib.Open(unit.Program, unit.DB, lib.Options{
		Sizes: lib.Sizes{Buffer: 4 << 20, Agg: 4 << 20, Dyn: 1 << 20}, StrSize: 256,
		Consume: consume.Options{Quiet: o.quiet, SwitchRate: time.Second},
		Out:     env.Stdout, Err: env.Stderr,
	})
	if v, ok := errors.AsType[*lib.VerifierError](err); ok && slices.Contains(o.sets, "bpflog") {
		fmt.Fprintln(env.Stderr, v.Log)
	}
	if err != nil {
		return err
	}
	defer s.Close()
	if !o.quiet {
		for i, src := range sources {
			word := "description"
			if src.Script {
				word = "script"
			}
			fmt.Fprintf(env.Stderr, "dtrace: %s '%s' matched %d probe%s\n", word, src.Name, unit.Matched[i], map[bool]string{true: "", false: "s"}[unit.Matched[i] == 1])
		}
	}
	status, err := s.Run(cmd.Context())
	if err != nil {
		return err
	}
	if status != 0 {
		return cli.Exit(status)
	}
	return nil
}

func (o *options) listProbes(env *cli.Env, db *probe.DB) error {
	fmt.Fprintf(env.Stdout, "%5s %10s %17s %33s %s\n", "ID", "PROVIDER", "MODULE", "FUNCTION", "NAME")
	for _, p := range db.All() {
		if _, err := fmt.Fprintf(env.Stdout, "%5d %10s %17s %33s %s\n", p.ID, p.Provider, p.Module, p.Func, p.Name); err != nil {
			return err
		}
	}
	return nil
}
