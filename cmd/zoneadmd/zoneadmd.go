// Package zoneadmd is the hidden role that stays beside each running zone.
// Commands that boot a zone start it; nobody else does.
package zoneadmd

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/meta"
	"github.com/smartbox-os/smartbox/pkg/vm"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/super"
)

// Role runs a zoneadmd: -z ZONE ORDER, with descriptors handed down.
func Role(env *cli.Env, args []string) int {
	var first zone.Request
	if len(args) != 3 || args[0] != "-z" || json.Unmarshal([]byte(args[2]), &first) != nil {
		fmt.Fprintln(env.Stderr, "zoneadmd: is started by zoneadm boot and its like")
		return cli.ExitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	log := slog.New(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	metadata := meta.NewServer(vm.MetadataStore(env.Root, args[1]), log)
	err := super.Run(ctx, env.Root, log, zone.Supervisor{
		Zone:     args[1],
		Metadata: metadata.Serve,
		Ready:    os.NewFile(zone.ReadyFD, "ready"),
	}, first)
	if err != nil {
		return cli.ExitFailed
	}
	return cli.ExitOK
}
