package cmd_test

import (
	"context"
	"debug/elf"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/vm"
	"github.com/smartbox-os/smartbox/pkg/vnic"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// machinesCommand is "machines" in scripts: it gives the script's root what
// machines need, the pool zones, an image of busybox (IMAGE) and the etherstub
// stub0, and skips the script where that cannot be had. Machines and stub go
// with the script.
func machinesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: machines")
	}
	for _, program := range []string{"busybox", "mkfs.btrfs"} {
		if _, err := exec.LookPath(program); err != nil {
			ts.Fatalf("needs the program %s: %v", program, err)
		}
	}
	ctx := context.Background()
	root := paths.Root(ts.Getenv("SMARTBOX_ROOT"))
	log := slog.New(slog.DiscardHandler)
	disk := filepath.Join(ts.Getenv("WORK"), "zones.img")
	ts.Check(os.WriteFile(disk, nil, 0o600))
	ts.Check(os.Truncate(disk, 4<<30))
	ts.Check(zpool.New(root, log).CreatePool(ctx, zpool.SystemPool, zpool.PoolOptions{Devices: []string{disk}}))
	ts.Check(testenv.TinyImage(ts.Getenv("WORK")))
	m, err := img.ReadManifest(filepath.Join(ts.Getenv("WORK"), "tiny.json"))
	ts.Check(err)
	ts.Check(img.New(root, log).Install(ctx, img.InstallOptions{Manifest: m, File: filepath.Join(ts.Getenv("WORK"), "tiny.tar.gz")}))
	links := vnic.New(root, log)
	ts.Check(links.CreateEtherstub(ctx, "stub0", vnic.CreateOptions{}))
	ts.Setenv("IMAGE", testenv.TinyImageUUID)
	ts.Defer(func() {
		deleteMachines(ts, vm.New(root, log))
		ts.Check(links.DeleteEtherstub(ctx, "stub0", vnic.CreateOptions{}))
	})
}

// isStatic reports whether this binary needs no interpreter, as the real one
// does not.
func isStatic() bool {
	f, err := elf.Open("/proc/self/exe")
	if err != nil {
		return false
	}
	defer f.Close()
	return !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}

func deleteMachines(ts *testscript.TestScript, h *vm.Host) {
	list, err := h.List(context.Background(), nil)
	ts.Check(err)
	for _, m := range list {
		ts.Check(h.Delete(context.Background(), m.UUID()))
	}
}
