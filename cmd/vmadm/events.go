package vmadm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

type eventOptions struct{ full, json, ready bool }

// newEvents is vmadm events [-fjr] [UUID].
func newEvents(env *cli.Env) *cobra.Command {
	var o eventOptions
	cmd := &cobra.Command{
		Use:               "events [UUID]",
		Short:             "print what happens to machines, without end",
		ValidArgsFunction: completeMachine(env),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return machineArg(1, 1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			uuid := strings.Join(args, "")
			return host(env).Events(cmd.Context(), uuid, func(e vm.Event) error { return printEvent(env, o, e) })
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.full, "full", "f", false, "whole dates and names")
	f.BoolVarP(&o.json, "json", "j", false, "a JSON object a line")
	f.BoolVarP(&o.ready, "ready", "r", false, "begin with an event that says that nothing is missed any more")
	return cmd
}

func printEvent(env *cli.Env, o eventOptions, e vm.Event) error {
	if e.Type == vm.EventReady && !o.ready {
		return nil
	}
	if o.json {
		e.Date = e.Date.UTC()
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.Stdout, "%s\n", text)
		return err
	}
	_, err := fmt.Fprint(env.Stdout, plainEvent(o, e))
	return err
}

// plainEvent is a line, or one for each change.
func plainEvent(o eventOptions, e vm.Event) string {
	layout, name := "15:04:05.000Z", e.Zonename
	if o.full {
		layout = "2006-01-02T15:04:05.000Z"
	} else {
		name = name[:min(8, len(name))]
	}
	head := "[" + e.Date.UTC().Format(layout) + "]"
	if e.Type == vm.EventReady {
		return head + " ready\n"
	}
	alias := e.Alias
	if alias == "" {
		alias = "-"
	}
	head += " " + name + " " + alias + " " + e.Type
	if len(e.Changes) == 0 {
		return head + "\n"
	}
	var b strings.Builder
	for _, c := range e.Changes {
		fmt.Fprintf(&b, "%s: %s %s :: %s -> %s\n", head, c.Pretty, c.Action, compact(c.Old), compact(c.New))
	}
	return b.String()
}

func compact(value any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(b.String())
}
