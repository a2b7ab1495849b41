package dtrace

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/internal/cli"
	lib "github.com/smartbox-os/smartbox/pkg/dtrace"
	"github.com/smartbox-os/smartbox/pkg/dtrace/probe"
)

// listAll is -l: all probes, those that programs are enabled on, or those that
// descriptions match. One that matches nothing is told; the others count.
func (o *options) listAll(env *cli.Env, db *probe.DB, set *lib.Settings, args []string) error {
	if len(o.programs) == 0 {
		return o.listProbes(env.Stdout, db.All())
	}
	var found []*probe.Probe
	var missing []string
	for _, p := range o.programs {
		if p.way == byScript {
			sources, err := (&options{programs: []program{p}}).sources(args)
			if err != nil {
				return err
			}
			unit, err := lib.Compile(db, sources, lib.CompileOptions{Settings: set, Err: env.Stderr})
			if err != nil {
				return worded(env, err, set)
			}
			found = append(found, unit.Probes()...)
			continue
		}
		if _, err := p.source(); err != nil {
			return worded(env, badDescription(p, err), set)
		}
		for _, desc := range p.wanted() {
			list, err := described(db, desc)
			if err != nil || len(list) == 0 {
				missing = append(missing, desc)
			}
			found = append(found, list...)
		}
	}
	if err := o.listProbes(env.Stdout, found); err != nil {
		return err
	}
	for _, desc := range missing {
		fmt.Fprintf(env.Stderr, "dtrace: failed to match %s: No probe matches description\n", desc)
	}
	return nil
}

// wanted are the descriptions of a program in full, or an id by itself.
func (p program) wanted() []string {
	text, _ := p.split()
	if p.way == byID {
		n := 0
		for n < len(text) && text[n] >= '0' && text[n] <= '9' {
			n++
		}
		var list []string
		if n > 0 {
			list = append(list, text[:n])
		}
		if rest := text[n:]; rest != "" {
			list = append(list, ":::"+rest)
		}
		return list
	}
	if full, err := p.description(text); err == nil {
		return []string{full}
	}
	return []string{text}
}

func described(db *probe.DB, desc string) ([]*probe.Probe, error) {
	if id, err := strconv.ParseUint(desc, 10, 64); err == nil {
		if p := db.ByID(id); p != nil {
			return []*probe.Probe{p}, nil
		}
		return nil, nil
	}
	return db.Match(desc)
}

func (o *options) listProbes(w io.Writer, probes []*probe.Probe) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%5s %10s %17s %33s %s\n", "ID", "PROVIDER", "MODULE", "FUNCTION", "NAME")
	for _, p := range probes {
		fmt.Fprintf(&b, "%5d %10s %17s %33s %s\n", p.ID, p.Provider, p.Module, p.Func, p.Name)
		if o.verbose {
			stability(&b, p)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// stability tells how far a probe can be relied on, and its arguments' types.
func stability(b *strings.Builder, p *probe.Probe) {
	attributes(b, "Probe Description", "Private", "Unknown")
	args := "Private"
	switch p.Provider {
	case "io", "sched", "proc", "ip", "tcp", "udp", "lockstat":
		args = "Evolving"
	}
	attributes(b, "Argument", args, "ISA")
	b.WriteString("\n\tArgument Types\n")
	list := p.Arguments()
	if len(list) == 0 {
		b.WriteString("\t\tNone\n")
	}
	for i, a := range list {
		name := a.Type
		if a.T != nil {
			name = a.T.String()
		}
		fmt.Fprintf(b, "\t\targs[%d]: %s\n", i, name)
	}
	b.WriteString("\n")
}

func attributes(b *strings.Builder, what, level, class string) {
	fmt.Fprintf(b, "\n\t%s Attributes\n\t\tIdentifier Names: %s\n\t\tData Semantics:   %s\n\t\tDependency Class: %s\n", what, level, level, class)
}
