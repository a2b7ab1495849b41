package dtrace

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/smartbox-os/smartbox/internal/cli"
	lib "github.com/smartbox-os/smartbox/pkg/dtrace"
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
			all = append(all, lib.Source{Name: p.text, Text: p.source(), Args: append([]string{"dtrace"}, args...)})
			continue
		}
		text, err := os.ReadFile(p.text)
		if err != nil {
			return nil, fmt.Errorf("failed to read the script: %w", err)
		}
		all = append(all, lib.Source{Name: p.text, Text: string(text), Script: true, Args: append([]string{p.text}, args...)})
	}
	if len(all) == 0 {
		return nil, cli.Usagef("nothing to do: give a program with -n or -s")
	}
	return all, nil
}

// source is a program in full: what an option names is one part of a probe
// description, the parts behind it match anything.
func (p program) source() string {
	behind := map[way]string{byProvider: ":::", byModule: "::", byFunction: ":"}[p.way]
	end := strings.IndexAny(p.text, " \t\n/{")
	if end < 0 {
		end = len(p.text)
	}
	return p.text[:end] + behind + p.text[end:]
}
