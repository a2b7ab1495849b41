package imgadm

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/img"
)

func (t *tool) vacuum() *cobra.Command {
	var dryRun, force bool
	c := &cobra.Command{Use: "vacuum", Short: "remove the images that no machine uses"}
	c.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "show what would be removed")
	c.Flags().BoolVarP(&force, "force", "f", false, "do not ask")
	return t.verb(c, 0, 0, func(ctx context.Context, _ []string) error {
		host := t.host()
		if !dryRun {
			// What a killed command left may still look like a clone.
			if err := host.Repair(ctx); err != nil {
				return err
			}
		}
		unused, err := host.Unused(ctx)
		if err != nil || len(unused) == 0 {
			return err
		}
		if dryRun {
			for _, i := range unused {
				fmt.Fprintf(t.env.Stdout, "[dry-run] Deleted image %s\n", i.Manifest.Title())
			}
			return nil
		}
		if !force {
			if ok, err := t.confirm(unused); !ok || err != nil {
				return err
			}
		}
		for _, i := range unused {
			if _, err := host.Delete(ctx, i.Manifest.UUID, i.Pool); err != nil {
				return err
			}
			fmt.Fprintf(t.env.Stdout, "Deleted image %s\n", i.Manifest.Title())
		}
		return nil
	})
}

// confirm asks on the terminal. Without one nobody can answer.
func (t *tool) confirm(unused []*img.Image) (bool, error) {
	if !cli.IsTerminal(t.env.Stdin) {
		return false, cli.Usagef("stdin is not a terminal to confirm on; -f removes %d images without asking", len(unused))
	}
	fmt.Fprintf(t.env.Stderr, "This will delete %d images that no machine uses:\n", len(unused))
	for _, i := range unused {
		fmt.Fprintf(t.env.Stderr, "    %s\n", i.Manifest.Title())
	}
	fmt.Fprint(t.env.Stderr, "Delete them? [y/N] ")
	answer, err := bufio.NewReader(t.env.Stdin).ReadString('\n')
	if err != nil {
		return false, nil // the end of input is a no
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}
