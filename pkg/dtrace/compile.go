package dtrace

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/btf"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/dlib"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
	"github.com/smartbox-os/smartbox/pkg/dtrace/sema"
	"github.com/smartbox-os/smartbox/pkg/dtrace/sym"
)

// Source is one program of a run.
type Source struct {
	Name   string // the script's path, or the probe description as typed
	Text   string
	Script bool     // from a file: a probe description needs a body
	Args   []string // $0, $1 ...

	Library bool // declarations for the programs
}

// CompileError is what is wrong with a source.
type CompileError struct {
	Source Source
	Err    *lang.Error
}

func (e *CompileError) Error() string { return e.Err.Error() }

// Unwrap returns the error in the program.
func (e *CompileError) Unwrap() error { return e.Err }

// Unit is a compiled run.
type Unit struct {
	Program *ir.Program
	DB      *probe.DB
	Matched []int // probes that each source matched
}

// CompileOptions change what the compiler accepts.
type CompileOptions struct {
	Settings *Settings // changed by the programs' pragmas
	Err      io.Writer // messages of the preprocessor
	Target   int       // pid of $target, 0 for none
}

// probes shows the probes of a host to the checker.
type probes struct{ db *probe.DB }

func toSema(p *probe.Probe) *sema.Probe {
	if p == nil {
		return nil
	}
	return &sema.Probe{
		ID: p.ID, Provider: p.Provider, Module: p.Module, Func: p.Func, Name: p.Name,
		Guard: p.Guard, Task: p.Task, Setup: p.Setup, Args: func() []sema.Arg {
			list := p.Arguments()
			args := make([]sema.Arg, len(list))
			for i, a := range list {
				args[i] = sema.Arg(a)
			}
			return args
		},
	}
}

// kernelTypes shows the kernel's types and symbols to the checker.
type kernelTypes struct {
	*btf.Kernel
	symbols sym.Kernel
}

// Symbol is the address and type of a variable or function.
func (k *kernelTypes) Symbol(scope, name string) (uint64, *ctype.Type, bool) {
	t := k.Object(scope, name)
	addr, ok := k.symbols.Address(scope, name)
	return addr, t, ok
}

func (s probes) Match(desc string) ([]*sema.Probe, error) {
	found, err := s.db.Match(desc)
	var out []*sema.Probe
	for _, p := range found {
		out = append(out, toSema(p))
	}
	return out, err
}

func (s probes) ByID(id uint64) *sema.Probe { return toSema(s.db.ByID(id)) }

// Compile checks all sources as one run.
func Compile(db *probe.DB, sources []Source, o CompileOptions) (*Unit, error) {
	u := &Unit{DB: db}
	checker := sema.New(sema.Env{Probes: probes{db}, Types: &kernelTypes{Kernel: db.Kernel}, Library: dlib.Text, Options: o.Settings.check()})
	u.Program = checker.Program()
	libs, err := o.Settings.libraries()
	if err != nil {
		return nil, err
	}
	for _, src := range append(libs, sources...) {
		err := o.add(checker, src)
		if e, ok := errors.AsType[*lang.Error](err); ok {
			if src.Library && len(sources) > 0 { // whose fault it is, the place tells
				e.Pos.File, src = src.Name, sources[0]
			}
			return nil, &CompileError{src, e}
		} else if err != nil {
			return nil, fmt.Errorf("compile %s: %w", src.Name, err)
		}
		if !src.Library {
			u.Matched = append(u.Matched, u.matched())
		}
	}
	return u, nil
}

// add parses and checks one source.
func (o CompileOptions) add(checker *sema.Checker, src Source) error {
	set := o.Settings
	if set.Preprocess && src.Script && !src.Library {
		text, err := set.preprocessed(src, o.Err)
		if err != nil {
			return lang.Errorf(lang.Pos{}, "", "%v", err)
		}
		src.Text = text
	}
	prog, err := lang.Parse(src.Text, lang.Options{
		Args: src.Args, Macros: macros(o.Target), DefaultArgs: set.DefaultArgs, ProbeSpecs: set.ProbeSpecs,
		AllowNoBody: !src.Script, IsType: checker.IsType,
		OnPragma: func(p lang.Pragma, l *lang.Options) error {
			if src.Library {
				return nil
			}
			if err := set.pragma(p); err != nil {
				return err
			}
			l.DefaultArgs, l.ProbeSpecs = set.DefaultArgs, set.ProbeSpecs
			return nil
		},
	})
	switch {
	case err != nil:
		return err
	case len(prog.Decls) == 0 && !set.Empty && !src.Library:
		return lang.Errorf(lang.Pos{Line: max(1, strings.Count(src.Text, "\n"))}, lang.TagEmpty, "empty D program translation unit")
	}
	checker.SetOptions(set.check())
	if err := checker.Add(prog); err != nil {
		return err
	}
	if err := unusedPragma(prog); err != nil && !src.Library {
		return err
	}
	if n := prog.UnusedArg; n > 0 && !set.ArgRef {
		return lang.Errorf(lang.Pos{}, lang.TagMacroUnused, "extraneous argument '%s' ($%d is not referenced)", src.Args[n], n)
	}
	return nil
}

// matched counts the probes of the clauses since the last source.
func (u *Unit) matched() int {
	n := 0
	for _, c := range u.Program.Clauses {
		if !c.Setup {
			n += len(c.Probes)
		}
	}
	for _, m := range u.Matched {
		n -= m
	}
	return n
}

func macros(target int) map[string]string {
	n := func(v int) string { return strconv.Itoa(v) }
	m := map[string]string{
		"pid": n(os.Getpid()), "ppid": n(os.Getppid()), "uid": n(os.Getuid()), "euid": n(os.Geteuid()),
		"gid": n(os.Getgid()), "egid": n(os.Getegid()), "zoneid": "0", "projid": "0", "taskid": "0",
		"target": n(target), // 0 without one: no process
	}
	if pgid, sid, err := ids(); err == nil {
		m["pgid"], m["sid"] = n(pgid), n(sid)
	}
	return m
}

// Probes are all probes that the programs name, by id.
func (u *Unit) Probes() []*probe.Probe {
	var all []*probe.Probe
	seen := map[int]bool{}
	for _, c := range u.Program.Clauses {
		if c.Setup {
			continue
		}
		for _, id := range c.Probes {
			if !seen[id] {
				seen[id] = true
				all = append(all, u.DB.ByID(uint64(id)))
			}
		}
	}
	slices.SortFunc(all, func(a, b *probe.Probe) int { return a.ID - b.ID })
	return all
}
