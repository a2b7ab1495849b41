package platform

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform/media"
)

type mediaOptions struct {
	media.Options
	iso, usb, pxe bool
}

// media [--iso] [--usb] [--pxe] [-c CONSOLE] [-A WORDS] IMAGE OUT
func newMedia(env *cli.Env) *cobra.Command {
	o := mediaOptions{Options: media.Options{Blobs: media.DebianBlobs}}
	cmd := &cobra.Command{
		Use:     "media [--iso] [--usb] [--pxe] [-c console,...] [-A words] image directory",
		Short:   "make what machines boot an image from",
		Example: "  smartbox platform media --iso build/platform build",
		Args:    command.Args(2, 2),
		RunE:    func(_ *cobra.Command, args []string) error { return writeMedia(env, o, args[0], args[1]) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.iso, "iso", false, "a hybrid ISO: CD and stick, BIOS and UEFI")
	f.BoolVar(&o.usb, "usb", false, "a disk image for UEFI")
	f.BoolVar(&o.pxe, "pxe", false, "a directory for TFTP or HTTP")
	f.StringVarP(&o.Console, "console", "c", "ttyS0", "consoles beside the screen; the last has the login")
	f.StringVarP(&o.Append, "append", "A", "", "further words for the kernel's command line")
	return cmd
}

func writeMedia(env *cli.Env, o mediaOptions, image, dir string) error {
	if !o.iso && !o.usb && !o.pxe {
		o.iso, o.usb, o.pxe = true, true, true
	}
	if err := o.Blobs.Check(); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, m := range []struct {
		wanted bool
		name   string
		write  func(string, string, media.Options) error
	}{
		{o.iso, media.ISOFile, media.WriteISO},
		{o.usb, media.USBFile, media.USB},
		{o.pxe, media.PXEDir, media.PXE},
	} {
		if !m.wanted {
			continue
		}
		out := filepath.Join(dir, m.name)
		if env.Fancy(env.Stderr) {
			fmt.Fprintf(env.Stderr, "writing %s...\n", out)
		}
		if err := m.write(image, out, o.Options); err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout, out)
	}
	return nil
}
