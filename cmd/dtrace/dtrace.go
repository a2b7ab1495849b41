// Package dtrace is dtrace(8): options in, one run of pkg/dtrace, text out.
package dtrace

import (
	_ "embed" // the manual
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	lib "github.com/smartbox-os/smartbox/pkg/dtrace"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
	"github.com/smartbox-os/smartbox/pkg/dtrace/target"
)

// Manual is dtrace(8) in Markdown.
//
//go:embed dtrace.8.md
var Manual string

type options struct {
	programs []program
	quiet    bool
	compile  bool
	list     bool
	version  bool
	destruct bool
	zero     bool
	verbose  bool
	flow     bool // -F
	listing  bool // -S
	output   string
	bufsize  string
	sets     []string
	commands []string // -c
	pids     []string // -p

	header bool // -h
	object bool // -G
	bits32 bool // -32
	bits64 bool // -64, which is what there is

	preprocess              bool
	define, undef, includes []string // of the preprocessor
	libdirs                 []string
}

// New builds dtrace.
func New(env *cli.Env) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "dtrace [-elqVwZ] [-b SIZE] [-o FILE] [-x OPTION[=VALUE]] [-n|-P|-m|-f|-i PROBE] [-s SCRIPT] [ARG...]",
		Short: "trace the kernel and processes with programs in D",
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, env, args)
		},
	}
	f := cmd.Flags()
	f.VarP(&programFlag{&o, byName}, "name", "n", "a program, or a probe by its name")
	f.VarP(&programFlag{&o, byProvider}, "provider", "P", "the probes of a provider")
	f.VarP(&programFlag{&o, byModule}, "module", "m", "the probes of a module")
	f.VarP(&programFlag{&o, byFunction}, "function", "f", "the probes of a function")
	f.VarP(&programFlag{&o, byID}, "id", "i", "a probe by its id")
	f.VarP(&programFlag{&o, byScript}, "script", "s", "compile the script FILE")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only what the program asks for")
	f.BoolVarP(&o.compile, "exit", "e", false, "exit after compiling, before any probe is enabled")
	f.BoolVarP(&o.list, "list", "l", false, "list probes instead of enabling them")
	f.BoolVarP(&o.version, "dversion", "V", false, "print the version of the language")
	f.BoolVarP(&o.destruct, "destructive", "w", false, "allow destructive actions")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "tell the stability of probes, and the types of their arguments")
	f.BoolVarP(&o.flow, "flowindent", "F", false, "indent the output by the functions that are entered and left")
	f.BoolVarP(&o.listing, "listing", "S", false, "show the programs that the compiler makes")
	f.BoolVarP(&o.zero, "zero", "Z", false, "allow probe descriptions that match no probe")
	f.StringArrayVarP(&o.commands, "command", "c", nil, "start COMMAND, trace until it ends; its pid is $target")
	f.StringArrayVarP(&o.pids, "pid", "p", nil, "trace until the process PID ends; it is $target")
	f.Bool("help", false, "help for dtrace") // cobra would take -h for it
	f.BoolVarP(&o.header, "header", "h", false, "write a C header for the providers that the script declares")
	f.BoolVarP(&o.object, "object", "G", false, "make the probes in the objects ARG..., and an object to link with them")
	f.BoolVarP(&o.bits64, "bits64", "4", false, "")
	f.BoolVarP(&o.bits64, "bits6", "6", false, "")
	f.BoolVarP(&o.bits32, "bits32", "3", false, "")
	f.BoolVarP(&o.bits32, "bits2", "2", false, "")
	for _, name := range []string{"bits64", "bits6", "bits32", "bits2"} { // -64 and -32
		f.Lookup(name).Hidden = true
	}
	f.StringVarP(&o.output, "output", "o", "", "append the output to FILE")
	f.StringVarP(&o.bufsize, "bufsize", "b", "", "set the size of the trace buffer")
	f.StringArrayVarP(&o.sets, "option", "x", nil, "set an option of compiler or run")
	f.BoolVarP(&o.preprocess, "cpp", "C", false, "run the preprocessor over scripts")
	f.StringArrayVarP(&o.define, "define", "D", nil, "define a name for the preprocessor")
	f.StringArrayVarP(&o.undef, "undef", "U", nil, "forget a name of the preprocessor")
	f.StringArrayVarP(&o.libdirs, "libdir", "L", nil, "a directory of libraries in D")
	f.StringArrayVarP(&o.includes, "include", "I", nil, "a directory of files for the preprocessor")
	return cmd
}

func (o *options) run(cmd *cobra.Command, env *cli.Env, args []string) error {
	if o.version {
		_, err := fmt.Fprintln(env.Stdout, "dtrace: smartbox D 2.0")
		return err
	}
	if o.header && len(o.programs) == 0 { // as everywhere, -h alone asks for help
		cmd.SetOut(env.Stdout)
		return cmd.Help()
	}
	set, err := o.settings()
	if err != nil {
		return err
	}
	if o.header || o.object {
		return o.build(env, args, set)
	}
	db, err := probe.Load()
	if err != nil {
		return err
	}
	if o.list && len(o.commands)+len(o.pids) == 0 {
		return o.listAll(env, db, set, args)
	}
	sources, err := o.sources(args)
	switch {
	case err != nil:
		return worded(env, err, set)
	case len(sources) == 0 && o.compile && len(o.libdirs) == 0:
		return nil
	case len(sources) == 0 && !o.compile:
		return cli.Usagef("nothing to do: give a program with -n or -s")
	}
	targets, err := o.targets(env)
	if err != nil {
		return err
	}
	defer closeTargets(targets) // the run's own error counts
	pid := 0
	if len(targets) > 0 {
		pid = targets[0].Pid
	}
	unit, err := lib.Compile(db, sources, lib.CompileOptions{Settings: set, Target: pid, Err: env.Stderr})
	if err != nil {
		return worded(env, err, set)
	}
	switch {
	case len(sources) == 0:
		return nil
	case o.list:
		return o.listProbes(env.Stdout, unit.Probes())
	}
	return o.trace(cmd, env, unit, sources, set, targets)
}

// settings are those of the command line.
func (o *options) settings() (*lib.Settings, error) {
	set := lib.NewSettings()
	set.Quiet, set.Destructive, set.ZeroProbes = o.quiet, o.destruct, o.zero
	set.FlowIndent, set.Listing = o.flow, o.listing
	set.Preprocess, set.Define, set.Undef, set.Includes, set.LibDirs = o.preprocess, o.define, o.undef, o.includes, o.libdirs
	sets := o.sets
	if o.bufsize != "" {
		sets = append([]string{"bufsize=" + o.bufsize}, sets...)
	}
	for _, s := range sets {
		name, value, _ := strings.Cut(s, "=")
		if err := set.Set(name, value); err != nil {
			return nil, fmt.Errorf("failed to set -x %s: %w", name, err)
		}
	}
	return set, nil
}

// worded tells a compiler's error as dtrace does: some take several lines.
func worded(env *cli.Env, err error, set *lib.Settings) error {
	c, ok := errors.AsType[*lib.CompileError](err)
	if !ok {
		return err
	}
	tag := ""
	if set.ErrTags && c.Err.Tag != "" {
		tag = "[" + string(c.Err.Tag) + "] "
	}
	if c.Source.Script {
		fmt.Fprintf(env.Stderr, "dtrace: failed to compile script %s: %s%v\n", c.Source.Name, tag, c.Err)
	} else {
		text := c.Err.Msg
		if c.Err.Pos.File != "" {
			text = c.Err.Error()
		}
		fmt.Fprintf(env.Stderr, "dtrace: invalid probe specifier %s: %s%s\n", c.Source.Name, tag, text)
	}
	return cli.Exit(cli.ExitFailed)
}

func (o *options) trace(cmd *cobra.Command, env *cli.Env, unit *lib.Unit, sources []lib.Source, set *lib.Settings, targets []*target.Process) error {
	if !set.Quiet {
		matched(env.Stderr, unit, sources)
	}
	if len(unit.Probes()) == 0 {
		return errors.New("no probes matched")
	}
	if o.compile {
		return nil
	}
	out := env.Stdout
	if o.output != "" {
		f, err := os.OpenFile(o.output, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
		if err != nil {
			return fmt.Errorf("failed to open output file: %w", err)
		}
		defer f.Close()
		out = f
	}
	if set.Destructive && !set.Quiet {
		fmt.Fprintln(env.Stderr, "dtrace: allowing destructive actions")
	}
	lo := lib.Options{Settings: set, Out: out, Err: env.Stderr, Targets: targets, Zones: newZones(env), Anonymous: env.Getenv("_DTRACE_TESTING") != ""}
	if set.BPFLog {
		lo.Log = env.Stderr
	}
	s, err := lib.Open(unit.Program, unit.DB, lo)
	if err != nil {
		return err
	}
	defer s.Close()
	status, err := s.Run(cmd.Context())
	if err != nil {
		return err
	}
	if status != 0 {
		return cli.Exit(status)
	}
	return nil
}

// matched tells how many probes each program is enabled on.
func matched(w io.Writer, unit *lib.Unit, sources []lib.Source) {
	for i, src := range sources {
		word, s := "description", "s"
		if src.Script {
			word = "script"
		}
		if unit.Matched[i] == 1 {
			s = ""
		}
		fmt.Fprintf(w, "dtrace: %s '%s' matched %d probe%s\n", word, src.Name, unit.Matched[i], s)
	}
}
