package zpool

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// zpool status [-xv] [POOL...]
func newStatus(env *cli.Env, h *zpool.Host) *cobra.Command {
	var unhealthy, verbose bool
	cmd := &cobra.Command{
		Use:     "status [-xv] [pool...]",
		Short:   "show the health of pools and their devices",
		Example: "  zpool status -x",
		RunE: func(cmd *cobra.Command, args []string) error {
			pools, err := h.Pools(cmd.Context(), args...)
			if printErr := printStatus(env, pools, args, unhealthy); printErr != nil {
				return printErr
			}
			return err
		},
	}
	cmd.Flags().BoolVarP(&unhealthy, "unhealthy", "x", false, "only pools with errors")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "name what data is damaged, where that is known")
	return cmd
}

func printStatus(env *cli.Env, pools []zpool.Pool, asked []string, unhealthy bool) error {
	var b strings.Builder
	if len(pools) == 0 && len(asked) == 0 {
		b.WriteString("no pools available\n")
	}
	if unhealthy && len(pools) > 0 {
		pools = slices.DeleteFunc(pools, func(p zpool.Pool) bool { return p.Reason == "" })
		switch {
		case len(pools) == 0 && len(asked) == 1:
			fmt.Fprintf(&b, "pool '%s' is healthy\n", asked[0])
		case len(pools) == 0:
			b.WriteString("all pools are healthy\n")
		}
	}
	for i, p := range pools {
		if i > 0 {
			b.WriteString("\n")
		}
		statusOf(&b, p)
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}

func statusOf(b *strings.Builder, p zpool.Pool) {
	fmt.Fprintf(b, "  pool: %s\n state: %s\n", p.Name, p.Health)
	if p.Reason != "" {
		fmt.Fprintf(b, "status: %s\n", p.Reason)
	}
	b.WriteString("config:\n\n")
	width := len(p.Name)
	for _, d := range p.Devices {
		width = max(width, 2+len(d.Path))
	}
	line := func(name, state string, read, write, checksum uint64) {
		fmt.Fprintf(b, "\t%-*s  %-8s  %4d  %4d  %4d\n", width, name, state, read, write, checksum)
	}
	fmt.Fprintf(b, "\t%-*s  %-8s  %4s  %4s  %4s\n", width, "NAME", "STATE", "READ", "WRITE", "CKSUM")
	line(p.Name, p.Health, 0, 0, 0)
	var errors uint64
	for _, d := range p.Devices {
		line("  "+d.Path, d.Health, d.Read, d.Write, d.Checksum)
		errors += d.Checksum
	}
	if errors == 0 {
		b.WriteString("\nerrors: No known data errors\n")
	} else {
		fmt.Fprintf(b, "\nerrors: %d data errors\n", errors)
	}
}
