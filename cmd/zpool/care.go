package zpool

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// background marks the process that scrubs on behalf of a command that ended.
const background = "background"

// zpool scrub [-s | -p] [-w] POOL...
func newScrub(h *zpool.Host) *cobra.Command {
	var stop, pause, wait bool
	cmd := &cobra.Command{
		Use:     "scrub [-s | -p] [-w] pool...",
		Short:   "read all data, and repair what can be repaired",
		Example: "  zpool scrub -w zones",
		Args:    command.Args(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			do := dataset.ScrubStart
			switch {
			case stop && pause:
				return cli.Usagef("invalid option combination: -s and -p are mutually exclusive")
			case wait && (stop || pause):
				return cli.Usagef("invalid option combination: -w cannot be used with -p or -s")
			case stop:
				do = dataset.ScrubStop
			case pause:
				do = dataset.ScrubPause
			}
			return each(args, func(pool string) error { return h.Scrub(cmd.Context(), pool, do, wait) })
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&stop, "stop", "s", false, "end the scrub that is going on")
	f.BoolVarP(&pause, "pause", "p", false, "pause it; the next scrub goes on from there")
	f.BoolVarP(&wait, "wait", "w", false, "return when it has ended")
	f.Bool(background, false, "for the process that a scrub starts")
	if err := f.MarkHidden(background); err != nil {
		panic(err) // the flag is there
	}
	return cmd
}

// simple are verbs that do one thing to each pool named.
func simple(verb, short string, do func(*cobra.Command, string) error) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " pool...",
		Short:   short,
		Example: "  zpool " + verb + " zones",
		Args:    command.Args(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return each(args, func(pool string) error { return do(cmd, pool) })
		},
	}
}

// zpool resilver POOL...
func newResilver(h *zpool.Host) *cobra.Command {
	return simple("resilver", "give data that has too few copies those it should have", func(cmd *cobra.Command, pool string) error {
		return h.Resilver(cmd.Context(), pool)
	})
}

// zpool trim [-w] POOL...
func newTrim(h *zpool.Host) *cobra.Command {
	cmd := simple("trim", "tell devices which blocks are free", func(cmd *cobra.Command, pool string) error {
		return h.Trim(cmd.Context(), pool)
	})
	cmd.Use = "trim [-w] pool..."
	cmd.Flags().BoolP("wait", "w", false, "return when it is done, which is always so on an embedded pool")
	return cmd
}

// zpool sync [POOL...]
func newSync(h *zpool.Host) *cobra.Command {
	return &cobra.Command{
		Use:     "sync [pool...]",
		Short:   "write everything to the devices",
		Example: "  zpool sync zones",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				pools, err := h.Pools(cmd.Context())
				if err != nil {
					return err
				}
				for _, p := range pools {
					args = append(args, p.Name)
				}
			}
			return each(args, func(pool string) error { return h.SyncPool(cmd.Context(), pool) })
		},
	}
}

// zpool clear POOL [DEVICE]
func newClear(h *zpool.Host) *cobra.Command {
	return &cobra.Command{
		Use:     "clear pool [device]",
		Short:   "set error counters to zero",
		Example: "  zpool clear zones",
		Args:    command.Args(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.ClearErrors(cmd.Context(), args[0], strings.Join(args[1:], ""))
		},
	}
}

// zpool wait [-t ACTIVITY,...] POOL
func newWait(h *zpool.Host) *cobra.Command {
	var activities string
	cmd := &cobra.Command{
		Use:     "wait [-t activity[,...]] pool",
		Short:   "wait until the scrub of a pool has ended",
		Example: "  zpool wait -t scrub zones",
		Args:    command.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for {
				pools, err := h.Pools(cmd.Context(), args[0])
				if err != nil || len(pools) != 1 || pools[0].Scan == nil || pools[0].Scan.State != dataset.Scanning {
					return err
				}
				select {
				case <-cmd.Context().Done():
					return cmd.Context().Err()
				case <-time.After(200 * time.Millisecond):
				}
			}
		},
	}
	cmd.Flags().StringVarP(&activities, "activity", "t", "scrub", "what to wait for; all but scrubs end before their command does")
	return cmd
}

// zpool upgrade [-v | -a | POOL...]
func newUpgrade(env *cli.Env, h *zpool.Host) *cobra.Command {
	var all, list bool
	cmd := &cobra.Command{
		Use:     "upgrade [-v | -a | pool...]",
		Short:   "tell which form pools have; there is only one",
		Example: "  zpool upgrade",
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := h.Pools(cmd.Context(), args...); err != nil {
				return err
			}
			text := "All pools are formatted using this version's form.\nEvery feature that it has is enabled on all pools.\n"
			if list {
				text = "Embedded pools have form 1: btrfs with the dataset list datasets.jsonl.\n"
			}
			_, err := fmt.Fprint(env.Stdout, text)
			return err
		},
	}
	cmd.Flags().BoolVarP(&list, "versions", "v", false, "list forms")
	cmd.Flags().BoolVarP(&all, "all", "a", false, "all pools")
	return cmd
}

// refused are the verbs of zpool(8) that no backend here carries out.
var refused = []command.Refusal{
	{Verb: "split", Why: "an embedded pool cannot be split; detach a device, or send the datasets to another pool"},
	{Verb: "initialize", Why: "free space is not written to; use trim"},
	{Verb: "checkpoint", Why: "an embedded pool has no checkpoints; use snapshots"},
	{Verb: "reguid", Why: "an embedded pool keeps its guid"},
	{Verb: "reopen", Why: "devices are reopened by export and import"},
	{Verb: "prefetch", Why: "nothing is prefetched"},
	{Verb: "ddtprune", Why: "there is no deduplication table"},
}
