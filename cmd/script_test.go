package cmd_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/smartbox-os/smartbox/cmd"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
)

// TestMain lets this test binary be every tool by name, hidden roles too, so
// that the scripts drive the real dispatcher.
func TestMain(m *testing.M) {
	tools := map[string]func(){"smartbox": tool}
	for _, name := range cmd.Names() {
		tools[name] = tool
	}
	testscript.Main(m, tools)
}

func tool() { os.Exit(cmd.Main(cli.FromOS())) }

// TestScripts runs testdata/script/*.txtar, each in a root of its own.
// Conditions: [root], [static] (the tools run in zones without a libc). UPDATE=1 rewrites golden text.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "testdata", "script"),
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			root := paths.Root(filepath.Join(env.WorkDir, "root"))
			env.Setenv("SMARTBOX_ROOT", string(root))
			env.Defer(func() { destroyPools(t, root) })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"imgserver": imgserverCommand,
			"machines":  machinesCommand,
			"zone":      zoneCommand,
		},
		Condition: func(cond string) (bool, error) {
			return cond == "root" && testenv.IsRoot() || cond == "static" && isStatic(), nil
		},
	})
}

// destroyPools removes what a script that failed left of pools.
func destroyPools(t *testing.T, root paths.Root) {
	h := zpool.New(root, slog.New(slog.DiscardHandler))
	pools, err := h.Pools(context.Background())
	for _, p := range pools {
		err = errors.Join(err, h.DestroyPool(context.Background(), p.Name, true))
	}
	if err != nil {
		t.Error(err)
	}
}
