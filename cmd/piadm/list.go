package piadm

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform/pi"
)

func newList(env *cli.Env) *cobra.Command {
	var bare bool
	cmd := &cobra.Command{
		Use:     "list [-H] [pool]",
		Short:   "list the pool's images",
		Example: "  piadm list",
		Args:    command.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, dataset, err := store(env, cmd, arg(args, 0))
			if err != nil {
				return err
			}
			all, err := s.List()
			if err != nil {
				return err
			}
			return printList(env, bare, dataset, all)
		},
	}
	cmd.Flags().BoolVarP(&bare, "no-header", "H", false, "no header, a tab between fields")
	return cmd
}

func printList(env *cli.Env, bare bool, dataset string, all []pi.Entry) error {
	var b strings.Builder
	row := func(cells ...string) {
		if bare {
			b.WriteString(strings.Join(cells, "\t") + "\n")
			return
		}
		fmt.Fprintf(&b, "%-18s %-30s %-12s %-5s %s\n", cells[0], cells[1], cells[2], cells[3], cells[4])
	}
	if !bare {
		row("PI STAMP", "BOOTABLE FILESYSTEM", "BOOT IMAGE", "NOW", "NEXT")
	}
	for _, e := range all {
		image := "none"
		switch {
		case e.Next:
			image = "next"
		case e.Whole:
			image = "available"
		}
		row(e.Stamp, dataset, image, yes(e.Now), yes(e.Next))
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
