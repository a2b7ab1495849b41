package dtrace

import (
	"errors"

	"github.com/smartbox-os/smartbox/pkg/dtrace/btf"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/dlib"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
	"github.com/smartbox-os/smartbox/pkg/dtrace/sema"
	"github.com/smartbox-os/smartbox/pkg/dtrace/usdt"
)

// ErrNoProvider says that sources declare no provider.
var ErrNoProvider = errors.New("no provider is declared")

// Providers are the providers that sources declare for programs of their own.
func Providers(sources []Source) ([]usdt.Provider, error) {
	checker := sema.New(sema.Env{
		Types: &kernelTypes{Kernel: btf.Running()}, Library: dlib.Text, Options: NewSettings().check(),
	})
	var all []usdt.Provider
	for _, src := range sources {
		prog, err := lang.Parse(src.Text, lang.Options{Args: src.Args, IsType: checker.IsType})
		if err == nil {
			all, err = providers(checker, prog, all)
		}
		if e, ok := errors.AsType[*lang.Error](err); ok {
			return nil, &CompileError{src, e}
		} else if err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, ErrNoProvider
	}
	return all, nil
}

func providers(checker *sema.Checker, prog *lang.Program, all []usdt.Provider) ([]usdt.Provider, error) {
	for _, d := range prog.Decls {
		p, ok := d.(*lang.Provider)
		if !ok {
			if v, ok := d.(*lang.VarDecl); ok { // types that the probes use
				if err := checker.Add(&lang.Program{Decls: []lang.Decl{v}}); err != nil {
					return nil, err
				}
			}
			continue
		}
		out := usdt.Provider{Name: p.Name}
		for _, probe := range p.Probes {
			types, err := checker.ParamTypes(probe.Args)
			if err != nil {
				return nil, err
			}
			out.Probes = append(out.Probes, usdt.Probe{Name: probe.Name, Args: cArgs(types)})
		}
		all = append(all, out)
	}
	return all, nil
}

// cArgs are arguments as C passes them.
func cArgs(types []*ctype.Type) []usdt.Arg {
	var args []usdt.Arg
	for _, t := range types {
		a := usdt.Arg{Type: t.String(), Size: 8}
		switch b := t.Base(); {
		case t.IsString():
			a.Type = "const char *"
		case t.IsInt() && (b.Size == 1 || b.Size == 2 || b.Size == 4):
			a.Size, a.Signed = b.Size, b.Signed || b.Kind == ctype.Enum
		case t.IsInt():
			a.Signed = b.Signed
		}
		args = append(args, a)
	}
	return args
}
