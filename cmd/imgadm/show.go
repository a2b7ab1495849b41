package imgadm

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

func (t *tool) show() *cobra.Command {
	var o img.AvailOptions
	c := &cobra.Command{Use: "show UUID", Short: "show the manifest of an image that a source offers"}
	sourceFlags(c, &o)
	return t.verb(c, 1, 1, func(ctx context.Context, args []string) error {
		if err := checkUUID(args[0]); err != nil {
			return err
		}
		a, err := t.host().Show(ctx, args[0], o)
		if err != nil {
			return err
		}
		return printJSON(t.env.Stdout, a.Manifest)
	})
}

func checkUUID(text string) error {
	if manifest.IsUUID(text) {
		return nil
	}
	return img.InvalidUUID(text)
}
