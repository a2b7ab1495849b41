package zfs

import (
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type diffOptions struct{ scripted, types, times, literal bool }

// zfs diff [-FHth] SNAPSHOT [SNAPSHOT|FILESYSTEM]
func newDiff(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:     "diff [-FHt] [-h] snapshot [snapshot|filesystem]",
		Short:   "show what changed since a snapshot",
		Example: "  zfs diff zones/data@monday zones/data@friday",
		Args:    command.Args(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			to := append(args, "")[1]
			found, err := h.Diff(cmd.Context(), args[0], to)
			if err != nil {
				return err
			}
			of, _ := dataset.Base(args[0])
			if to != "" && to[0] != '@' {
				of, _ = dataset.Base(to)
			}
			d, err := h.Get(cmd.Context(), of, "mountpoint")
			if err != nil {
				return err
			}
			var b strings.Builder
			for _, f := range found {
				b.WriteString(o.line(f, d.Get("mountpoint")))
			}
			_, err = fmt.Fprint(env.Stdout, b.String())
			return err
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.types, "types", "F", false, "show what kind of file it is")
	f.BoolVarP(&o.scripted, "scripted", "H", false, "fields separated by one tab")
	f.BoolVarP(&o.times, "times", "t", false, "show when the inode changed")
	f.BoolVarP(&o.literal, "literal", "h", false, "names as they are, unusual characters too")
	return cmd
}

func (o *diffOptions) line(d zpool.Difference, mountpoint string) string {
	var b strings.Builder
	if o.times {
		fmt.Fprintf(&b, "%10d.%09d\t", d.Time.Unix(), d.Time.Nanosecond())
	}
	fmt.Fprintf(&b, "%c\t", d.Kind)
	if o.types {
		fmt.Fprintf(&b, "%c\t", d.Type)
	}
	b.WriteString(o.escape(path.Join("/", mountpoint, d.Path)))
	if d.Path == "" {
		b.WriteString("/")
	}
	if d.To != "" {
		b.WriteString(map[bool]string{true: "\t", false: " -> "}[o.scripted] + o.escape(path.Join("/", mountpoint, d.To)))
	}
	return b.String() + "\n"
}

// escape writes what is not plain ASCII in octal, as zfs(8) does.
func (o *diffOptions) escape(s string) string {
	if o.literal {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > ' ' && c <= '~' && c != '\\' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "\\%04o", c)
		}
	}
	return b.String()
}
