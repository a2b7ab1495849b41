package imgadm

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/img"
)

type sourcesOptions struct {
	add, kind, channel string
	remove             string
	insecure, force    bool
	edit, check        bool
	json, noHeader     bool
}

func (t *tool) sources() *cobra.Command {
	var o sourcesOptions
	c := &cobra.Command{
		Use: "sources", Short: "list, add and remove the sources of images",
		Example: "  imgadm sources -a https://images.example.com",
	}
	f := c.Flags()
	f.StringVarP(&o.add, "add", "a", "", "add the source at this `URL`")
	f.StringVarP(&o.remove, "delete", "d", "", "remove the source at this `URL`")
	f.StringVarP(&o.kind, "type", "t", "", "the added source's `type`: imgapi, dir or builtin")
	f.StringVarP(&o.channel, "channel", "C", "", "the added source's `channel`")
	f.BoolVarP(&o.insecure, "insecure", "k", false, "take any certificate of the added source")
	f.BoolVarP(&o.force, "force", "f", false, "add it even if it does not answer")
	f.BoolVarP(&o.edit, "edit", "e", false, "edit the list with $EDITOR")
	f.BoolVarP(&o.check, "check", "c", false, "ask every source whether it answers")
	f.BoolVarP(&o.json, "json", "j", false, "JSON")
	f.BoolVarP(&o.noHeader, "no-header", "H", false, "no header (with -c and -v)")
	return t.verb(c, 0, 0, func(ctx context.Context, _ []string) error { return t.runSources(ctx, o) })
}

func (t *tool) runSources(ctx context.Context, o sourcesOptions) error {
	actions := 0
	for _, chosen := range []bool{o.add != "", o.remove != "", o.edit, o.check} {
		if chosen {
			actions++
		}
	}
	switch {
	case actions > 1:
		return cli.Usagef("-a, -d, -e and -c exclude each other")
	case o.add == "" && (o.kind != "" || o.insecure || o.force || o.channel != ""):
		return cli.Usagef("-t, -k, -f and -C go with -a URL")
	case o.add != "":
		return t.addSource(ctx, o)
	case o.remove != "":
		return t.deleteSource(ctx, o.remove)
	case o.edit:
		return t.editSources(ctx)
	case o.check:
		return t.checkSources(ctx, o.noHeader)
	}
	return t.listSources(o)
}

func (t *tool) listSources(o sourcesOptions) error {
	sources, err := t.host().Sources()
	if err != nil {
		return err
	}
	switch {
	case o.json:
		if sources == nil {
			sources = []img.Source{}
		}
		return printJSON(t.env.Stdout, sources)
	case t.verbose:
		rows := make([][]string, len(sources))
		for i, s := range sources {
			rows[i] = []string{s.URL, s.Type, fmt.Sprint(s.Insecure), dash(s.Channel)}
		}
		return t.sourceTable(o.noHeader, rows, "URL", "TYPE", "INSECURE", "CHANNEL")
	}
	for _, s := range sources {
		fmt.Fprintln(t.env.Stdout, s.URL)
	}
	return nil
}

func (t *tool) sourceTable(noHeader bool, rows [][]string, headers ...string) error {
	if len(rows) == 0 {
		return nil
	}
	table := out.Table{NoHeader: noHeader}
	for _, h := range headers {
		table.Columns = append(table.Columns, out.Column{Header: h})
	}
	return table.Write(t.env.Stdout, rows)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (t *tool) addSource(ctx context.Context, o sourcesOptions) error {
	s, err := img.NewSource(o.add, o.kind)
	if err != nil {
		return cli.Usagef("%w", err)
	}
	s.Insecure, s.Channel = o.insecure, o.channel
	added, err := t.host().AddSource(ctx, s, o.force)
	if err != nil {
		return err
	}
	if !added {
		fmt.Fprintf(t.env.Stdout, "Already have %q image source %q, no change\n", s.Type, s.URL)
		return nil
	}
	fmt.Fprintf(t.env.Stdout, "Added %q image source %q\n", s.Type, s.URL)
	return nil
}

func (t *tool) deleteSource(ctx context.Context, url string) error {
	deleted, err := t.host().DeleteSource(ctx, url)
	if err != nil {
		return err
	}
	url = strings.TrimRight(url, "/")
	if !deleted {
		fmt.Fprintf(t.env.Stdout, "Do not have image source %q, no change\n", url)
		return nil
	}
	fmt.Fprintf(t.env.Stdout, "Deleted image source %q\n", url)
	return nil
}

// checkSources fails when one of them does not answer.
func (t *tool) checkSources(ctx context.Context, noHeader bool) error {
	host := t.host()
	sources, err := host.Sources()
	if err != nil {
		return err
	}
	rows, failed := make([][]string, len(sources)), false
	for i, s := range sources {
		rows[i] = []string{s.URL, s.Type, "true", "-"}
		if err := host.PingSource(ctx, s); err != nil {
			failed = true
			rows[i][2], rows[i][3] = "false", printable(err.Error())
		}
	}
	if err := t.sourceTable(noHeader, rows, "URL", "TYPE", "OK", "ERROR"); err != nil {
		return err
	}
	if failed {
		return cli.Exit(cli.ExitFailed)
	}
	return nil
}
