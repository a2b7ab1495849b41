package platform

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform"
)

// keygen FILE
func newKeygen(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "keygen file",
		Short:   "make a key to sign images with: file and file.pub",
		Example: "  smartbox platform keygen site.key",
		Args:    command.Args(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := platform.NewSigner(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(env.Stdout, "%s.pub  key %s\n", args[0], s.Public().ID())
			return nil
		},
	}
}

// verify [-d DIR]... DIRECTORY
func newVerify(env *cli.Env) *cobra.Command {
	var dirs []string
	cmd := &cobra.Command{
		Use:     "verify [-d keys]... directory",
		Short:   "check an image's signature and files",
		Example: "  smartbox platform verify -d /etc/smartbox/platform-keys build/platform",
		Args:    command.Args(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(dirs) == 0 {
				own, err := ownKey(env)
				if err != nil {
					return err
				}
				dirs = []string{filepath.Dir(own), platform.KeysDir}
			}
			keys, err := platform.Keys(dirs...)
			if err != nil {
				return err
			}
			m, err := platform.Verify(args[0], keys)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			fmt.Fprintf(env.Stdout, "platform %s is whole and signed\n", m.Stamp)
			return nil
		},
	}
	cmd.Flags().StringArrayVarP(&dirs, "keys", "d", nil, "directory of trusted public keys (*.pub)")
	return cmd
}
