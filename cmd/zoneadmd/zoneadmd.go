// Package zoneadmd is the hidden role that stays beside each running zone.
// Commands that boot a zone start it; nobody else does.
package zoneadmd

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/meta"
	"github.com/smartbox-os/smartbox/pkg/vm"
	"github.com/smartbox-os/smartbox/pkg/zone"
	"github.com/smartbox-os/smartbox/pkg/zone/super"
)

// A zoneadmd goes to sleep by execve(2), on the main thread: its zone would die
// with it. Only here is the main goroutine sure to be on it.
func init() {
	if filepath.Base(os.Args[0]) == "zoneadmd" {
		runtime.LockOSThread()
	}
}

// Role is a zoneadmd that is awake: -z ZONE, with descriptors handed down.
func Role(env *cli.Env, args []string) int {
	note := env.Getenv(super.NoteVariable)
	if len(args) != 2 || args[0] != "-z" || note == "" {
		fmt.Fprintln(env.Stderr, "zoneadmd: is started by zoneadm boot and its like")
		return cli.ExitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	log := slog.New(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	metadata := meta.NewServer(vm.MetadataStore(env.Root, args[1]), log)
	err := super.Run(ctx, env.Root, log, zone.Supervisor{Zone: args[1], Metadata: metadata.Serve, Note: note})
	if err != nil {
		return cli.ExitFailed
	}
	return cli.ExitOK
}
