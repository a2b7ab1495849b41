package zpool

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zpool history [-il] [POOL...]
func newHistory(env *cli.Env, h *zpool.Host) *cobra.Command {
	var internal, long bool
	cmd := &cobra.Command{
		Use:     "history [-il] [pool...]",
		Short:   "show what was done to pools",
		Example: "  zpool history -l zones",
		RunE: func(cmd *cobra.Command, args []string) error {
			pools, listErr := h.Pools(cmd.Context(), args...)
			var b strings.Builder
			for _, p := range pools {
				events, err := h.History(cmd.Context(), p.Name)
				if err != nil {
					return err
				}
				fmt.Fprintf(&b, "History for '%s':\n", p.Name)
				for _, e := range events {
					fmt.Fprintf(&b, "%s %s", e.Time.Local().Format("2006-01-02.15:04:05"), e.Command)
					if long {
						fmt.Fprintf(&b, " [user %s on %s]", e.User, e.Host)
					}
					b.WriteString("\n")
				}
				b.WriteString("\n")
			}
			if _, err := fmt.Fprint(env.Stdout, b.String()); err != nil {
				return err
			}
			return listErr
		},
	}
	cmd.Flags().BoolVarP(&internal, "internal", "i", false, "internal events too; an embedded pool notes none")
	cmd.Flags().BoolVarP(&long, "long", "l", false, "who did it, and where")
	return cmd
}

const eventTime = "Jan _2 2006 15:04:05.000000000"

// zpool events [-vHf] [POOL]
func newEvents(env *cli.Env, h *zpool.Host) *cobra.Command {
	var verbose, scripted, follow bool
	cmd := &cobra.Command{
		Use:     "events [-vHf] [pool]",
		Short:   "show what happened to pools, or wait for it",
		Example: "  zpool events -f zones",
		RunE: func(cmd *cobra.Command, args []string) error {
			w := eventWriter{env: env, verbose: verbose, scripted: scripted, seen: make(map[string]int)}
			if !scripted {
				if _, err := fmt.Fprintf(env.Stdout, "%-31s%s\n", "TIME", "CLASS"); err != nil {
					return err
				}
			}
			for {
				pools, err := h.Pools(cmd.Context(), args...)
				if err == nil {
					err = w.write(cmd, h, pools)
				}
				if err != nil || !follow {
					return err
				}
				select {
				case <-cmd.Context().Done():
					return nil
				case <-time.After(500 * time.Millisecond):
				}
			}
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&verbose, "verbose", "v", false, "all that is known of each")
	f.BoolVarP(&scripted, "scripted", "H", false, "no header, fields separated by one tab")
	f.BoolVarP(&follow, "follow", "f", false, "go on as they happen")
	return cmd
}

// eventWriter prints each event once.
type eventWriter struct {
	env               *cli.Env
	verbose, scripted bool
	seen              map[string]int
}

func (w *eventWriter) write(cmd *cobra.Command, h *zpool.Host, pools []zpool.Pool) error {
	var b strings.Builder
	for _, p := range pools {
		events, err := h.History(cmd.Context(), p.Name)
		if err != nil {
			return err
		}
		first := min(w.seen[p.Name], len(events))
		w.seen[p.Name] = len(events)
		for _, e := range events[first:] {
			const class = "sysevent.fs.zfs.history_event"
			if w.scripted {
				fmt.Fprintf(&b, "%s\t%s\n", e.Time.Local().Format(eventTime), class)
			} else {
				fmt.Fprintf(&b, "%-30s %s\n", e.Time.Local().Format(eventTime), class)
			}
			if w.verbose {
				fmt.Fprintf(&b, "        class = %q\n        pool = %q\n        history_command = %q\n        history_user = %q\n        history_hostname = %q\n\n",
					class, p.Name, e.Command, e.User, e.Host)
			}
		}
	}
	_, err := fmt.Fprint(w.env.Stdout, b.String())
	return err
}

// zpool version
func newVersion(env *cli.Env) *cobra.Command {
	var json bool
	cmd := &cobra.Command{
		Use: "version [-j]", Short: "print which zpool this is", Example: "  zpool version",
		RunE: func(*cobra.Command, []string) error {
			version := command.BuildVersion()
			if json {
				return out.JSON(env.Stdout, out.Object{out.Version("zpool version"), {Key: "zfs_version", Value: out.Object{{Key: "userland", Value: version}}}})
			}
			_, err := fmt.Fprintln(env.Stdout, version)
			return err
		},
	}
	cmd.Flags().BoolVarP(&json, "json", "j", false, "print JSON")
	return cmd
}
