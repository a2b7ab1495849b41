package zonecfg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// Store keeps configurations; *zone.Host is one.
type Store interface {
	Load(name string) (*zone.Config, error)
	Create(ctx context.Context, c *zone.Config) error
	Edit(ctx context.Context, name string, change func(*zone.Config) error) error
	Rename(ctx context.Context, from, to string) error
	Remove(ctx context.Context, name string) error
	ReadDetached(zonepath string) (*zone.Config, error)
}

// Session edits one zone's configuration. Edits are remembered and made again
// on what is stored when they are committed, so that two sessions on one zone
// lose nothing of each other.
type Session struct {
	Zone  string // its name, which "set zonename" changes
	Store Store
	Out   io.Writer
	Err   io.Writer

	// Ask asks a question on the terminal; ok is false when nobody can be asked.
	Ask func(question string) (yes, ok bool)
	// Interactive sessions go on after an error; others end and save nothing.
	Interactive bool
	// File is the name of the file that lines come from, for error messages:
	// empty for none, "-" for the standard input.
	File string
	// Write writes export's output to a file of that name.
	Write func(name string, data []byte) error

	cfg     *zone.Config // as edited; nil before the first use
	edits   []edit       // since the last commit
	created bool         // not stored yet
	over    bool         // create -F over a stored one
	saved   string       // the name under which it is stored
	scope   *scope       // nil in the global scope

	line     int // of the input, from 1
	lastLine int // an error was reported for
	failed   bool
	quit     bool
	force    bool // exit -F
}

// edit is one change, which can be made again on another configuration.
type edit func(*zone.Config) error

// scope is the resource that is being added or modified.
type scope struct {
	typ *resource
	rec record
	old *record // what was selected; nil: it is new
}

// Prompt is what a terminal shows before the next line.
func (s *Session) Prompt() string {
	if s.scope != nil {
		return "zonecfg:" + s.Zone + ":" + s.scope.typ.name + "> "
	}
	return "zonecfg:" + s.Zone + "> "
}

// Greet tells whoever starts to type whether the zone exists.
func (s *Session) Greet() {
	if err := s.open(); err != nil {
		fmt.Fprintln(s.Err, err)
		if errors.Is(err, errNoZone) {
			fmt.Fprintln(s.Out, "Use 'create' to begin configuring a new zone.")
		}
	}
}

// Run executes one line and reports whether the session goes on.
func (s *Session) Run(ctx context.Context, line string) bool {
	s.line++
	commands, err := ParseLine(line)
	if err != nil {
		s.report(err)
	}
	for _, c := range commands {
		if s.ended() {
			break
		}
		s.report(s.run(ctx, c))
	}
	return !s.ended()
}

func (s *Session) ended() bool { return s.quit || s.failed && !s.Interactive }

func (s *Session) run(ctx context.Context, c Command) error {
	v, ok := verbOf(c.Name)
	if !ok {
		return sayf("%s: no such command.  'help' lists the commands.", c.Name)
	}
	return v.run(s, ctx, c)
}

// report prints an error, with the line of a file it is on, and remembers
// that there was one.
func (s *Session) report(err error) {
	if err == nil {
		return
	}
	s.failed = true
	if s.File != "" && s.line != s.lastLine {
		s.lastLine = s.line
		if s.File == "-" {
			fmt.Fprintf(s.Err, "On line %d:\n", s.line)
		} else {
			fmt.Fprintf(s.Err, "On line %d of %s:\n", s.line, s.File)
		}
	}
	fmt.Fprintln(s.Err, err)
	if usage, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintf(s.Err, "usage:\n%s\n", usage.verb.usage)
	}
}

// Finish ends the session: what is edited is committed, if it can be. Again is
// true when the user was asked and rather goes on; else ok tells whether all
// went well.
func (s *Session) Finish(ctx context.Context) (ok, again bool) {
	if s.failed && !s.Interactive {
		if len(s.edits) > 0 || s.created {
			fmt.Fprintln(s.Err, "Configuration not saved.")
		}
		return false, false
	}
	if s.scope != nil && !s.quit {
		if yes, asked := s.ask("Resource incomplete; really quit"); !asked {
			fmt.Fprintln(s.Err, "Resource incomplete.")
			return false, false
		} else if !yes {
			return false, true
		}
	}
	if s.scope != nil {
		s.failed = true
	}
	return s.finish(ctx)
}

func (s *Session) finish(ctx context.Context) (ok, again bool) {
	s.scope = nil
	if len(s.edits) == 0 && !s.created {
		return !s.failed, false
	}
	err := s.commit(ctx)
	if err == nil {
		return !s.failed, false
	}
	s.report(err)
	if !s.force {
		if yes, asked := s.ask("Configuration not saved; really quit"); asked && !yes {
			s.quit = false
			return false, true
		}
	}
	fmt.Fprintln(s.Err, "Configuration not saved.")
	return false, false
}

func (s *Session) ask(question string) (yes, ok bool) {
	if s.Ask == nil {
		return false, false
	}
	return s.Ask(question)
}

const errNoZone = message("No such zone configured")

// named puts the zone's name before an error, which stays what it is.
type namedError struct {
	name string
	err  error
}

func (e namedError) Error() string { return e.name + ": " + e.err.Error() }
func (e namedError) Unwrap() error { return e.err }

// open loads the configuration when it is first needed.
func (s *Session) open() error {
	if s.cfg != nil {
		return nil
	}
	if s.saved == "" {
		s.saved = s.Zone
	}
	c, err := s.Store.Load(s.Zone)
	if errors.Is(err, zone.ErrNotFound) {
		return namedError{s.Zone, errNoZone}
	}
	s.cfg = c
	return err
}

// apply makes an edit and remembers it.
func (s *Session) apply(e edit) error {
	if err := e(s.cfg); err != nil {
		return err
	}
	s.edits = append(s.edits, e)
	return nil
}

// commit verifies and stores.
func (s *Session) commit(ctx context.Context) error {
	if s.scope != nil {
		return sayf("resource specification incomplete\nZone %s failed to verify", s.Zone)
	}
	if problems := verify(s.cfg); len(problems) > 0 {
		return sayf("%s\nZone %s failed to verify", strings.Join(problems, "\n"), s.Zone)
	}
	if err := s.save(ctx); err != nil {
		return err
	}
	s.edits, s.created, s.over, s.saved = nil, false, false, s.Zone
	c, err := s.Store.Load(s.Zone) // with what others have changed meanwhile
	if err == nil {
		s.cfg = c
	}
	return err
}

func (s *Session) save(ctx context.Context) error {
	if s.created && !s.over {
		c := *s.cfg
		if err := s.Store.Create(ctx, &c); err != nil {
			return s.word(err)
		}
		return nil
	}
	if s.saved != s.Zone {
		if err := s.Store.Rename(ctx, s.saved, s.Zone); err != nil {
			return s.word(err)
		}
		s.saved = s.Zone
	}
	return s.word(s.Store.Edit(ctx, s.Zone, func(c *zone.Config) error {
		if s.over {
			*c = keepIdentity(*s.cfg, *c)
			return nil
		}
		for _, e := range s.edits {
			if err := e(c); err != nil {
				return err
			}
		}
		if problems := verify(c); len(problems) > 0 {
			return sayf("%s\nZone %s failed to verify", strings.Join(problems, "\n"), s.Zone)
		}
		return nil
	}))
}

// keepIdentity is the new configuration over an old one: what zonecfg does not
// edit stays.
func keepIdentity(edited, stored zone.Config) zone.Config {
	edited.Name, edited.DID, edited.State = stored.Name, stored.DID, stored.State
	edited.Transition, edited.Dataset = stored.Transition, stored.Dataset
	return edited
}

// word gives errors of the store the words of zonecfg.
func (s *Session) word(err error) error {
	state, isState := errors.AsType[*zone.StateError](err)
	switch {
	case errors.Is(err, zone.ErrNotFound):
		return namedError{s.Zone, errNoZone}
	case errors.Is(err, zone.ErrExists):
		return sayf("%s: Zone name already in use", s.Zone)
	case errors.Is(err, zone.ErrBusy):
		return sayf("%s: another zoneadm may have an operation in progress.", s.Zone)
	case isState:
		return sayf("Zone %s not in configured state but %s; %s not allowed.", s.saved, state.State, state.Op)
	}
	return err
}

// flags reads a command's words as getopt would: options from letters (one
// that a ':' follows takes a value), then operands.
func flags(c Command, letters string) (options map[byte]string, operands []Term, err error) {
	options = map[byte]string{}
	terms := c.Terms
	for len(terms) > 0 {
		word := terms[0].Value.Text
		if terms[0].Name != "" || terms[0].Value.Kind != Simple || len(word) < 2 || word[0] != '-' {
			break
		}
		terms = terms[1:]
		if word == "--" {
			break
		}
		for i := 1; i < len(word); i++ {
			at := strings.IndexByte(letters, word[i])
			if at < 0 || word[i] == ':' {
				return nil, nil, sayf("unknown option -%c", word[i])
			}
			if at+1 == len(letters) || letters[at+1] != ':' {
				options[word[i]] = ""
				continue
			}
			value := word[i+1:]
			if value == "" {
				if len(terms) == 0 {
					return nil, nil, sayf("option -%c needs a value", word[i])
				}
				value, terms = terms[0].Value.Text, terms[1:]
			}
			options[word[i]] = value
			break
		}
	}
	return options, slices.Clone(terms), nil
}
