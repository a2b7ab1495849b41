package dtrace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	lib "github.com/smartbox-os/smartbox/pkg/dtrace"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// way is how a program was given: by which option.
type way int

const (
	byName way = iota
	byProvider
	byModule
	byFunction
	byID
	byScript
)

type program struct {
	way  way
	text string
}

// programFlag collects the programs of several options in their order.
type programFlag struct {
	o   *options
	way way
}

func (*programFlag) String() string { return "" }

func (f *programFlag) Set(v string) error {
	if strings.TrimSpace(v) == "" {
		return errors.New("needs a probe or a file")
	}
	f.o.programs = append(f.o.programs, program{f.way, v})
	return nil
}

func (f *programFlag) Type() string {
	if f.way == byScript {
		return "FILE"
	}
	return "PROBE"
}

// sources reads all programs of the command line.
func (o *options) sources(args []string) ([]lib.Source, error) {
	var all []lib.Source
	for _, p := range o.programs {
		if p.way != byScript {
			text, err := p.source()
			if err != nil {
				return nil, badDescription(p, err)
			}
			all = append(all, lib.Source{Name: p.text, Text: text, Args: append([]string{"dtrace"}, args...)})
			continue
		}
		text, err := os.ReadFile(p.text)
		if err != nil {
			return nil, fmt.Errorf("failed to open %s: %s", p.text, reason(err))
		}
		all = append(all, lib.Source{Name: p.text, Text: string(text), Script: true, Args: append([]string{p.text}, args...)})
	}
	return all, nil
}

func badDescription(p program, err error) error {
	return &lib.CompileError{Source: lib.Source{Name: p.text}, Err: lang.Errorf(lang.Pos{}, "D_PDESC_INVAL", "%v", err)}
}

// reason is what the system says of a file, as C programs word it.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// split cuts the description from what follows it.
func (p program) split() (desc, rest string) {
	end := strings.IndexAny(p.text, " \t\n/{")
	if end < 0 {
		end = len(p.text)
	}
	return p.text[:end], p.text[end:]
}

// source is a program in full: what an option names is one part of a probe
// description, the parts behind it match anything.
func (p program) source() (string, error) {
	if p.way == byName || p.way == byID {
		return p.text, nil
	}
	desc, rest := p.split()
	full, err := p.description(desc)
	return full + rest, err
}

// description is a probe description of four parts from one whose last part is
// what the option names. A colon before them all changes nothing.
func (p program) description(desc string) (string, error) {
	n := map[way]int{byProvider: 1, byModule: 2, byFunction: 3, byName: 4}[p.way]
	what := map[way]string{byProvider: "providers", byModule: "modules", byFunction: "functions"}[p.way]
	if digits := len(desc) - len(strings.TrimLeft(desc, "0123456789")); digits > 0 && what != "" {
		return "", fmt.Errorf("probe identifier %s not permitted when specifying %s", desc[:digits], what)
	}
	parts := strings.Split(desc, ":")
	if len(parts) > n && parts[0] == "" {
		parts = parts[1:]
	}
	if len(parts) > n {
		return "", fmt.Errorf("invalid probe description \"%s\": Overspecified probe description", desc)
	}
	for len(parts) < n {
		parts = append([]string{""}, parts...)
	}
	for len(parts) < 4 {
		parts = append(parts, "")
	}
	return strings.Join(parts, ":"), nil
}
