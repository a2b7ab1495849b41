package zoneadm

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// message is an error in the words that users of zoneadm know: a sentence.
type message string

func (m message) Error() string { return string(m) }

func sayf(format string, args ...any) error { return message(fmt.Sprintf(format, args...)) }

// zoneError puts the zone before a message: zone 'web': not running.
func zoneError(name string, err error) error { return fmt.Errorf("zone '%s': %w", name, err) }

// word gives an error of a zone the text that zoneadm has for it.
func (t *tool) word(name string, err error) error {
	state, isState := errors.AsType[*zone.StateError](err)
	exit, isExit := errors.AsType[*cli.ExitError](err)
	op, isOp := errors.AsType[*zone.OpError](err)
	switch {
	case err == nil:
		return nil
	case isExit:
		return exit
	case errors.Is(err, zone.ErrNotFound):
		return sayf("%s: No such zone configured", name)
	case errors.Is(err, zone.ErrBusy):
		return zoneError(name, sayf("another zoneadm may have an operation in progress."))
	case isState:
		return zoneError(name, wordState(name, state))
	}
	if isOp && op.Zone == name {
		err = op.Err
	}
	return zoneError(name, sayf("%s", strings.TrimPrefix(err.Error(), "zone "+name+": ")))
}

// wordState says why an operation does not fit a zone's state.
func wordState(name string, e *zone.StateError) error {
	if e.Zone != name {
		return sayf("source zone %s is %s; it must be installed and not running.", e.Zone, e.State)
	}
	switch e.State {
	case zone.Running, zone.Ready, zone.ShuttingDown, zone.Down, zone.Mounted:
		if e.Op == "boot" && e.State == zone.Running {
			return sayf("zone is already booted")
		}
		return sayf("%s operation is invalid for %s zones.", e.Op, e.State)
	}
	switch e.Op {
	case "reboot", "shutdown":
		return sayf("not running")
	case "uninstall":
		return sayf("is already in state '%s'.", e.State)
	case "install", "clone", "attach", "verify":
		if e.State == zone.Installed {
			return sayf("is already installed.")
		}
		return sayf("zone is incomplete; uninstall required.")
	}
	return sayf("must be installed before %s.", e.Op)
}

func privileged() bool { return os.Geteuid() == 0 }

// confirm asks before something is destroyed. Without a terminal the answer
// is no.
func (t *tool) confirm(verb, name string) error {
	if !cli.IsTerminal(t.env.Stdin) {
		return sayf("Input not from terminal and -F not specified: %s command ignored, exiting.", verb)
	}
	yes, err := t.env.AskYesNo(fmt.Sprintf("Are you sure you want to %s zone %s", verb, name))
	if err == nil && !yes {
		err = cli.Exit(cli.ExitFailed)
	}
	return err
}
