package zfs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type sendOptions struct {
	dataset.SendOptions
	from, fromAll     string
	verbose, parsable bool
}

// zfs send [-nvPpRhcLew] [-i|-I FROM] SNAPSHOT
// zfs send [-nvPe] -t TOKEN
func newSend(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o sendOptions
	cmd := &cobra.Command{
		Use:     "send [-nvPpRhcLew] [-i snapshot | -I snapshot] snapshot\n  zfs send [-nvP] -t token",
		Short:   "write snapshots as a stream to standard output",
		Example: "  zfs send -i @sunday zones/data@monday | ssh other zfs receive zones/copy",
		Args:    command.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			snapshot, err := o.check(env, args)
			if err != nil {
				return err
			}
			sizes := env.Stderr
			if o.DryRun {
				sizes = env.Stdout
			}
			o.Report = func(s dataset.Sent) { o.report(env, sizes, s) }
			return h.Send(cmd.Context(), snapshot, env.Stdout, o.SendOptions)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.from, "from", "i", "", "send what changed since this snapshot or bookmark")
	f.StringVarP(&o.fromAll, "from-all", "I", "", "send every snapshot since this one")
	f.BoolVarP(&o.Replicate, "replicate", "R", false, "all datasets below too, with snapshots and properties")
	f.BoolVarP(&o.Props, "props", "p", false, "properties too")
	f.Bool("help", false, "show help") // -h is taken
	f.BoolVarP(&o.Holds, "holds", "h", false, "holds too")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "send nothing")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print what is sent and how much")
	f.BoolVarP(&o.parsable, "parsable", "P", false, "print that for scripts")
	f.StringVarP(&o.Token, "token", "t", "", "go on with a stream that was cut")
	f.BoolVarP(&o.Compressed, "compressed", "c", false, "blocks as the pool has them; embedded pools: without effect")
	f.BoolVarP(&o.LargeBlocks, "large-block", "L", false, "large blocks too; embedded pools have none")
	f.BoolVarP(&o.Embedded, "embed", "e", false, "embedded blocks too; embedded pools have none")
	f.BoolVarP(&o.Raw, "raw", "w", false, "encrypted data as it is; embedded pools have none")
	return cmd
}

// check refuses what does not go together. A stream is nothing for a terminal.
func (o *sendOptions) check(env *cli.Env, args []string) (snapshot string, err error) {
	if o.from != "" && o.fromAll != "" {
		return "", cli.Usagef("-i and -I exclude each other")
	}
	o.From, o.Intermediates = o.from+o.fromAll, o.fromAll != ""
	o.Estimate = o.verbose || o.parsable
	if (o.Token == "") != (len(args) == 1) {
		return "", cli.Usagef("a snapshot or -t is needed, not both")
	}
	if f, ok := env.Stdout.(*os.File); ok && !o.DryRun && cli.IsTerminal(f) {
		return "", errors.New("stream can not be written to a terminal: you must redirect standard output")
	}
	if len(args) == 0 {
		return "", nil
	}
	return args[0], nil
}

// report prints sizes as zfs send -v or -P does; what is left out goes to
// standard error in any case.
func (o *sendOptions) report(env *cli.Env, w io.Writer, s dataset.Sent) {
	for _, note := range s.Notes {
		fmt.Fprintf(env.Stderr, "%s: %s\n", s.To, note)
	}
	if !o.Estimate || s.Notes != nil {
		return
	}
	_, from, _ := strings.Cut(s.From, "@")
	size := humanBytes(s.Bytes)
	switch {
	case s.To == "" && o.parsable:
		fmt.Fprintf(w, "size\t%d\n", s.Bytes)
	case s.To == "":
		fmt.Fprintf(w, "total estimated size is %s\n", size)
	case from == "" && o.parsable:
		fmt.Fprintf(w, "full\t%s\t%d\n", s.To, s.Bytes)
	case from == "":
		fmt.Fprintf(w, "full send of %s estimated size is %s\n", s.To, size)
	case o.parsable:
		fmt.Fprintf(w, "incremental\t%s\t%s\t%d\n", from, s.To, s.Bytes)
	default:
		fmt.Fprintf(w, "send from @%s to %s estimated size is %s\n", from, s.To, size)
	}
}
