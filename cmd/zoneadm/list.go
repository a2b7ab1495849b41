package zoneadm

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// list is zoneadm [-z ZONE] list [-c|-i] [-n] [-p|-v].
type listOptions struct {
	all, installed, noGlobal, parsable, verbose bool
}

func (t *tool) list() *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "list [-cinpv]",
		Short: "list zones: those running, -i installed too, -c all",
		Args:  command.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return t.printList(o) },
	}
	f := cmd.Flags()
	f.BoolVarP(&o.all, "configured", "c", false, "all configured zones")
	f.BoolVarP(&o.installed, "installed", "i", false, "all installed zones")
	f.BoolVarP(&o.noGlobal, "no-global", "n", false, "without the global zone")
	f.BoolVarP(&o.parsable, "parsable", "p", false, "for scripts: fields separated by colons")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "id, state, path, brand and ip-type too")
	return cmd
}

func (t *tool) printList(o listOptions) error {
	one := t.name != "" || t.uuid != ""
	switch {
	case one && (o.all || o.installed):
		return cli.Usagef("-c and -i do not go with -z or -u")
	case o.parsable && o.verbose:
		return sayf("list -p and -v are mutually exclusive.")
	case one:
		return t.printOne(o)
	}
	zones, err := t.zones.List()
	var rows []row
	if !o.noGlobal {
		rows = append(rows, globalRow)
	}
	for _, z := range zones {
		if o.shows(z) {
			rows = append(rows, rowOf(z))
		}
	}
	// What is damaged is told after what is not.
	return errors.Join(printRows(t.env.Stdout, rows, o), err)
}

func (o listOptions) shows(z zone.Status) bool {
	return o.all || z.Run != nil || o.installed && z.State != zone.Configured && z.State != zone.Incomplete
}

func (t *tool) printOne(o listOptions) error {
	name, err := t.target()
	if err != nil {
		return err
	}
	if name == zone.Global {
		return printRows(t.env.Stdout, []row{globalRow}, o)
	}
	z, err := t.zones.Status(name)
	if err != nil {
		return t.word(name, err)
	}
	return printRows(t.env.Stdout, []row{rowOf(z)}, o)
}

// row is a zone as list shows it.
type row struct {
	id, name, state, path, uuid, brand, ip, did string
}

var globalRow = row{"0", zone.Global, "running", "/", "", "liveimg", "shared", "0"}

func rowOf(z zone.Status) row {
	r := row{"-", z.Name, string(z.State), z.Config.Path, z.Config.UUID, z.Config.Brand, "shared", ""}
	if z.Run != nil {
		r.id = strconv.Itoa(z.Run.ID)
	}
	if z.Config.IPType == zone.Exclusive {
		r.ip = "excl"
	}
	if z.Config.DID > 0 {
		r.did = strconv.Itoa(z.Config.DID)
	}
	return r
}

func printRows(w io.Writer, rows []row, o listOptions) error {
	var b strings.Builder
	if o.verbose {
		b.WriteString(verboseLine(row{id: "ID", name: "NAME", state: "STATUS", path: "PATH", brand: "BRAND", ip: "IP"}))
	}
	for _, r := range rows {
		switch {
		case o.verbose:
			b.WriteString(verboseLine(r))
		case o.parsable:
			path := out.Escape(r.path, ":")
			b.WriteString(strings.Join([]string{r.id, r.name, r.state, path, r.uuid, r.brand, r.ip, r.did}, ":") + "\n")
		default:
			b.WriteString(r.name + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func verboseLine(r row) string {
	return fmt.Sprintf("%4s %-16s %-10s %-30s %-8s %-6s\n", r.id, r.name, r.state, r.path, r.brand, r.ip)
}
