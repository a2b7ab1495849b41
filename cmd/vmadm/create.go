package vmadm

import (
	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
)

// newCreate is vmadm create [-f FILE].
func newCreate(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "create",
		Short:   "make a machine of a JSON payload, and boot it unless autoboot is false",
		Example: `  echo '{"brand": "joyent", "image_uuid": "...", "alias": "web01"}' | vmadm create`,
		Args:    command.NoArgs,
	}
	file := fileFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		p, err := payload(env, "create", *file)
		if err != nil {
			return err
		}
		uuid, err := host(env).Create(cmd.Context(), p)
		if err != nil {
			return err
		}
		say(env, "Successfully created VM %s", uuid)
		return nil
	}
	return cmd
}
