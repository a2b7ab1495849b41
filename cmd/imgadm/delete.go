package imgadm

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (t *tool) delete() *cobra.Command {
	var from string
	c := &cobra.Command{Use: "delete UUID", Short: "remove an installed image"}
	pool(c, &from)
	return t.verb(c, 1, 1, func(ctx context.Context, args []string) error {
		i, err := t.host().Delete(ctx, args[0], from)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.env.Stdout, "Deleted image %s\n", i.Manifest.UUID)
		return err
	})
}
