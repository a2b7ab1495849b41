package nictagadm

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/vnic"
)

type listOptions struct {
	stubs, noStubs, parsable bool
	delim                    string
}

func newList(env *cli.Env) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "list [-l | -L] [-p [-d delim]]",
		Short: "list nic tags",
		Args:  command.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case o.stubs && o.noStubs:
				return cli.Usagef("-l and -L exclude each other")
			case cmd.Flags().Changed("delim") && !o.parsable:
				return cli.Usagef("-d needs -p")
			case o.delim == "":
				return cli.Usagef("the delimiter is empty")
			}
			return list(env, o)
		},
	}
	cmd.Flags().BoolVarP(&o.stubs, "etherstubs", "l", false, "only etherstubs")
	cmd.Flags().BoolVarP(&o.noStubs, "no-etherstubs", "L", false, "no etherstubs")
	cmd.Flags().BoolVarP(&o.parsable, "parsable", "p", false, "for scripts")
	cmd.Flags().StringVarP(&o.delim, "delim", "d", ":", "what separates fields with -p")
	return cmd
}

func list(env *cli.Env, o listOptions) error {
	tags, err := host(env).Tags()
	if err != nil {
		return err
	}
	var rows [][]string
	for _, t := range tags {
		isStub := t.Type == vnic.TagEtherstub
		if o.stubs && !isStub || o.noStubs && isStub {
			continue
		}
		rows = append(rows, []string{t.Name, orDash(t.MAC.String()), orDash(t.Link), string(t.Type)})
	}
	if o.parsable {
		return out.Fields(env.Stdout, o.delim, escape(rows, o.delim))
	}
	return out.Table{Gap: " ", Columns: []out.Column{
		{Header: "NAME", Width: 14}, {Header: "MACADDRESS", Width: 18}, {Header: "LINK", Width: 14}, {Header: "TYPE", Width: 16},
	}}.Write(env.Stdout, rows)
}

// escape guards the colons of MAC addresses, which no other delimiter needs.
func escape(rows [][]string, delim string) [][]string {
	if delim != ":" {
		return rows
	}
	for _, row := range rows {
		for i := range row {
			row[i] = out.Escape(row[i], delim)
		}
	}
	return rows
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func newExists(env *cli.Env) *cobra.Command {
	var nameOnly bool
	cmd := &cobra.Command{
		Use:   "exists [-l] <name>...",
		Short: "say which of the names are no nic tags",
		Args:  command.Args(1, -1),
		RunE: func(_ *cobra.Command, args []string) error {
			return exists(env, args, nameOnly)
		},
	}
	cmd.Flags().BoolVarP(&nameOnly, "list", "l", false, "print only the names")
	return cmd
}

func exists(env *cli.Env, names []string, nameOnly bool) error {
	tags, err := host(env).Tags()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, t := range tags {
		known[t.Name] = true
	}
	missing := false
	for _, name := range names {
		if known[name] {
			continue
		}
		missing = true
		if nameOnly {
			fmt.Fprintln(env.Stderr, name)
		} else {
			fmt.Fprintln(env.Stderr, "invalid tag:", name)
		}
	}
	if missing {
		return cli.Exit(cli.ExitFailed)
	}
	return nil
}

func newVMs(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "vms <name>",
		Short: "list the machines that are configured to use a nic tag",
		Args:  command.Args(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := exists(env, args, false); err != nil {
				return err
			}
			names, err := users(env)(args[0])
			for _, name := range names {
				fmt.Fprintln(env.Stdout, name)
			}
			return err
		},
	}
}
