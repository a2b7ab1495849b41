package cmd_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/img/archive"
	"github.com/smartbox-os/smartbox/pkg/img/builtin"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// zoneCommand is "zone add NAME [ATTR=VALUE...]", which makes an installed
// sparse zone on a plain directory, and "zone boot|halt NAME". What a script
// leaves running is halted.
func zoneCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: zone add|boot|halt NAME")
	}
	root := paths.Root(ts.Getenv("SMARTBOX_ROOT"))
	h, name := zone.New(root, slog.New(slog.DiscardHandler)), args[1]
	ctx := context.Background()
	switch args[0] {
	case "add":
		ts.Check(addZone(h, root, name, args[2:]))
		ts.Defer(func() { ts.Check(h.Halt(ctx, name)) })
	case "boot":
		ts.Setenv("SMARTBOX_ROOT", string(root))
		ts.Check(h.Boot(ctx, name, zone.BootOptions{}))
	case "halt":
		ts.Check(h.Halt(ctx, name))
	}
}

func addZone(h *zone.Host, root paths.Root, name string, attrs []string) error {
	c := &zone.Config{
		Name: name, Path: "/zones/" + name, Brand: "joyent-minimal", IPType: zone.Exclusive, State: zone.Installed,
	}
	for _, a := range attrs {
		key, value, _ := strings.Cut(a, "=")
		c.Attrs = append(c.Attrs, zone.Attr{Name: key, Type: "string", Value: value})
	}
	dir := filepath.Join(root.Join(c.Path), "root")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	image, _, err := builtin.Open(builtin.BaseUUID)
	if err != nil {
		return err
	}
	defer image.Close()
	content, err := archive.Open(image, archive.DefaultLimits())
	if err != nil {
		return err
	}
	defer content.Close()
	if _, err := archive.Unpack(context.Background(), content, dir, archive.DefaultLimits()); err != nil {
		return err
	}
	return h.Create(context.Background(), c)
}
