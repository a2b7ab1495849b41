package zfs

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type receiveOptions struct {
	zpool.ReceiveOptions
	props          []string
	verbose, abort bool
}

// zfs receive|recv [-vnsFhuM] [-o property=value]... [-x property]... DATASET|SNAPSHOT
// zfs receive [-vnsFhuM] -d|-e ... FILESYSTEM
// zfs receive -A DATASET
func newReceive(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o receiveOptions
	cmd := &cobra.Command{
		Use:     "receive [-vnsFhu] [-d | -e] [-o property=value]... [-x property]... dataset\n  zfs receive -A dataset",
		Aliases: []string{"recv"},
		Short:   "make datasets and snapshots of a stream on standard input",
		Example: "  ssh other zfs send zones/data@monday | zfs receive zones/copy",
		Args:    command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.abort {
				return h.AbortReceive(cmd.Context(), args[0])
			}
			options, err := o.library(env)
			if err != nil {
				return err
			}
			return h.Receive(cmd.Context(), args[0], env.Stdin, options)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.abort, "abort", "A", false, "drop what was kept of a stream that was cut")
	f.BoolVarP(&o.WholePath, "whole-path", "d", false, "append the name that was sent, without its pool")
	f.BoolVarP(&o.LastName, "last-name", "e", false, "append the last part of the name that was sent")
	f.BoolVarP(&o.Force, "force", "F", false, "roll back to the most recent snapshot first; replace an existing dataset")
	f.Bool("help", false, "show help") // -h is taken
	f.BoolP("skip-holds", "h", false, "take no holds from the stream; none are taken anyway")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "read the stream, receive nothing")
	f.StringArrayVarP(&o.props, "property", "o", nil, "set a property")
	f.BoolVarP(&o.Resumable, "resumable", "s", false, "keep what has come of a stream that is cut")
	f.BoolVarP(&o.NoMount, "unmounted", "u", false, "mount nothing")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print what is received")
	f.StringArrayVarP(&o.Exclude, "exclude", "x", nil, "leave out a property of the stream")
	return cmd
}

func (o *receiveOptions) library(env *cli.Env) (zpool.ReceiveOptions, error) {
	options := o.ReceiveOptions
	if o.WholePath && o.LastName {
		return options, cli.Usagef("-d and -e exclude each other")
	}
	props, err := properties(o.props)
	if err != nil {
		return options, err
	}
	if origin, ok := props["origin"]; ok {
		options.Origin = origin
		delete(props, "origin")
	}
	options.Props = props
	options.Report = func(r dataset.Received) { o.report(env, r) }
	return options, nil
}

// report prints in the words of zfs(8); what was left out goes to standard
// error, asked for or not.
func (o *receiveOptions) report(env *cli.Env, r dataset.Received) {
	for _, note := range r.Notes {
		fmt.Fprintf(env.Stderr, "%s: %s\n", r.Into, note)
	}
	if !o.verbose {
		return
	}
	writeReport(env.Stdout, r)
}

func writeReport(w io.Writer, r dataset.Received) {
	kind, doing := "full", "receiving"
	if r.Incremental {
		kind = "incremental"
	}
	if r.DryRun {
		doing = "would receive"
	}
	switch {
	case r.Done:
		seconds := max(int64(r.Took/time.Second), 1)
		fmt.Fprintf(w, "received %s stream in %d seconds (%s/sec)\n",
			humanBytes(r.Bytes), seconds, humanBytes(r.Bytes/seconds))
	case r.Ignored:
		fmt.Fprintf(w, "snap %s already exists; ignoring\n", r.Into)
	default:
		fmt.Fprintf(w, "%s %s stream of %s into %s\n", doing, kind, r.Stream, r.Into)
	}
}

// humanBytes is a size with its unit, as zfs receive prints it.
func humanBytes(n int64) string {
	text := dataset.HumanSize(n)
	if text[len(text)-1] >= '0' && text[len(text)-1] <= '9' {
		return text + "B"
	}
	return text
}
