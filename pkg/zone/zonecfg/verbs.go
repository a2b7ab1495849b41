package zonecfg

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/smartbox-os/smartbox/pkg/zone"
)

// verb is a command: how it is called, what it does.
type verb struct {
	name  string
	usage string
	help  string
	run   func(*Session, context.Context, Command) error
}

// usageError is a command that was called in a way it does not know.
type usageError struct {
	verb   verb
	reason error
}

func (e usageError) Error() string { return e.reason.Error() }

func (s *Session) usage(name string, reason error) error {
	v, _ := verbOf(name)
	if reason == nil {
		reason = sayf("%s: wrong arguments", name)
	}
	return usageError{v, reason}
}

func verbOf(name string) (verb, bool) {
	for _, v := range verbs() {
		if v.name == name {
			return v, true
		}
	}
	return verb{}, false
}

// Verbs names all commands.
func Verbs() []string {
	var names []string
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	return names
}

func verbs() []verb {
	return []verb{
		{
			"add", "add <resource-type>\n\t(global scope)\nadd <property-name> <property-value>\n\t(resource scope)",
			"Begins a new resource, or adds a value to a list property of one.", (*Session).add,
		},
		{"cancel", "cancel", "Leaves a resource without keeping its changes.", (*Session).cancel},
		{"clear", "clear <property-name>", "Brings a property back to its default.", (*Session).clear},
		{"commit", "commit", "Verifies and stores the configuration; done by itself at the end of a session.", (*Session).commitVerb},
		{
			"create", "create [-F] [ -a <path> | -b | -t <template> ]",
			"Begins a new configuration: the default one, that of a detached zone (-a), a blank one (-b)\n" +
				"\tor that of another zone (-t). -F overwrites.", (*Session).create,
		},
		{"delete", "delete [-F]", "Deletes the zone's configuration. -F does not ask.", (*Session).deleteVerb},
		{"end", "end", "Keeps the resource's changes and returns to the global scope.", (*Session).end},
		{"exit", "exit [-F]", "Ends the session. -F also with changes that cannot be saved.", (*Session).exit},
		{"export", "export [-f output-file]", "Prints the commands that make this configuration.", (*Session).export},
		{"help", "help [commands] [syntax] [usage] [<command-name>]", "Prints help.", (*Session).help},
		{"info", "info [<resource-type> [property-name=property-value]*]", "Shows the configuration, or a part of it.", (*Session).info},
		{
			"remove", "remove [-F] <resource-type> [ <property-name>=<property-value> ]*\n\t(global scope)\n" +
				"remove [-F] <property-name> [<property-value>]\n\t(resource scope)",
			"Removes resources, or a value of a list property. -F removes all without asking.", (*Session).remove,
		},
		{"revert", "revert [-F]", "Forgets all changes since the last commit. -F does not ask.", (*Session).revert},
		{
			"select", "select <resource-type> { <property-name>=<property-value> }",
			"Begins to modify the one resource that has these values.", (*Session).selectVerb,
		},
		{"set", "set <property-name>=<property-value>", "Sets a property.", (*Session).set},
		{"verify", "verify", "Checks the configuration.", (*Session).verifyVerb},
	}
}

// none reads the words of a command that takes only options.
func (s *Session) none(c Command, letters string) (map[byte]string, error) {
	options, rest, err := flags(c, letters)
	if err != nil || len(rest) > 0 {
		return nil, s.usage(c.Name, err)
	}
	return options, nil
}

func has(options map[byte]string, letter byte) bool {
	_, ok := options[letter]
	return ok
}

func (s *Session) create(_ context.Context, c Command) error {
	o, err := s.none(c, "Fa:bt:")
	if err != nil {
		return err
	}
	if s.scope != nil {
		return s.wrongScope("create")
	}
	exists, err := s.mayCreate(has(o, 'F'))
	if err != nil {
		return err
	}
	cfg, err := s.template(o)
	if err != nil {
		return err
	}
	cfg.Name, cfg.DID, cfg.State, cfg.Transition, cfg.Dataset = s.Zone, 0, zone.Configured, nil, ""
	cfg.UUID = uuid.NewString()
	s.cfg, s.edits, s.created, s.over, s.saved = cfg, nil, true, exists, s.Zone
	return nil
}

// mayCreate reports whether the zone exists and may be overwritten.
func (s *Session) mayCreate(force bool) (exists bool, err error) {
	old, err := s.Store.Load(s.Zone)
	if errors.Is(err, zone.ErrNotFound) {
		return false, nil
	}
	switch {
	case err == nil && old.State == zone.Installed:
		return true, sayf("Zone %s already installed; create not allowed.", s.Zone)
	case err != nil:
		return true, err
	case force:
		fmt.Fprintf(s.Out, "Zone %s already exists; overwriting.\n", s.Zone)
		return true, nil
	}
	yes, asked := s.ask(fmt.Sprintf("Zone %s already exists; create anyway", s.Zone))
	if !asked {
		s.quit = true
		return true, sayf("Zone exists, input not from terminal and -F not specified:\ncreate command ignored, exiting.")
	}
	if !yes {
		return true, sayf("Zone %s already exists.", s.Zone)
	}
	return true, nil
}

// template is the configuration that a new one begins with.
func (s *Session) template(o map[byte]string) (*zone.Config, error) {
	fresh := &zone.Config{Brand: "joyent", IPType: zone.Exclusive}
	if path, ok := o['a']; ok {
		c, err := s.Store.ReadDetached(path)
		if errors.Is(err, zone.ErrNotFound) {
			return nil, sayf("invalid path to detached zone")
		}
		if err == nil {
			c.Path = path
		}
		return c, err
	}
	name, ok := o['t']
	if !ok || has(o, 'b') || name == "SUNWdefault" || name == "SUNWblank" {
		return fresh, nil
	}
	c, err := s.Store.Load(name)
	if errors.Is(err, zone.ErrNotFound) {
		return nil, namedError{name, errNoZone}
	}
	return c, err
}

func (s *Session) deleteVerb(ctx context.Context, c Command) error {
	o, err := s.none(c, "F")
	if err != nil {
		return err
	}
	if s.scope != nil {
		return s.wrongScope("delete")
	}
	if !has(o, 'F') {
		if err := s.open(); err != nil {
			return err
		}
		yes, asked := s.ask(fmt.Sprintf("Are you sure you want to delete zone %s", s.Zone))
		if !asked {
			s.quit = true
			return sayf("Input not from terminal and -F not specified:\ndelete command ignored, exiting.")
		}
		if !yes {
			return nil
		}
	}
	name := s.Zone
	if s.saved != "" {
		name = s.saved
	}
	if err := s.Store.Remove(ctx, name); err != nil {
		if e, ok := errors.AsType[*zone.StateError](err); ok {
			return sayf("Zone %s not in configured state but %s; delete not allowed.  Use 'zoneadm -z %s uninstall' first.",
				s.Zone, e.State, s.Zone)
		}
		return s.word(err)
	}
	s.cfg, s.edits, s.created, s.over, s.saved = nil, nil, false, false, ""
	return nil
}

func (s *Session) revert(_ context.Context, c Command) error {
	o, err := s.none(c, "F")
	switch {
	case err != nil:
		return err
	case s.scope != nil:
		return sayf("You can only use revert in the global scope.\nUse 'cancel' to cancel changes to a resource specification.")
	case s.cfg == nil:
		return sayf("No changes to revert.")
	}
	if !has(o, 'F') {
		yes, asked := s.ask("Are you sure you want to revert")
		if !asked {
			s.quit = true
			return sayf("Input not from terminal and -F not specified:\nrevert command ignored, exiting.")
		}
		if !yes {
			return nil
		}
	}
	s.Zone = s.saved
	s.cfg, s.edits, s.created, s.over = nil, nil, false, false
	if err := s.open(); errors.Is(err, errNoZone) {
		return sayf("%s: no such saved zone to revert to.", s.Zone)
	} else if err != nil {
		return err
	}
	return nil
}

func (s *Session) commitVerb(ctx context.Context, c Command) error {
	if _, err := s.none(c, ""); err != nil {
		return err
	}
	if err := s.open(); err != nil {
		return err
	}
	return s.commit(ctx)
}

func (s *Session) verifyVerb(_ context.Context, c Command) error {
	if _, err := s.none(c, ""); err != nil {
		return err
	}
	if err := s.open(); err != nil {
		return err
	}
	problems := verify(s.cfg)
	if s.scope != nil {
		problems = append(problems, "resource specification incomplete")
	}
	if len(problems) > 0 {
		return sayf("%s", strings.Join(problems, "\n"))
	}
	return nil
}

func (s *Session) exit(_ context.Context, c Command) error {
	o, err := s.none(c, "F")
	if err != nil {
		return err
	}
	s.force = has(o, 'F')
	if s.scope == nil || s.force {
		s.quit = true
		return nil
	}
	yes, asked := s.ask("Resource incomplete; really quit")
	s.quit = yes || !asked
	if !asked {
		return sayf("Resource incomplete, input not from terminal and -F not specified:\nexit command ignored, but exiting anyway.")
	}
	return nil
}

func (s *Session) wrongScope(name string) error {
	scope := "global"
	if s.scope == nil {
		scope = "resource"
	}
	return sayf("The %s command only makes sense in the %s scope.", name, scope)
}
