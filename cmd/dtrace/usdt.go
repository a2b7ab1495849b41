package dtrace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/cli"
	lib "github.com/smartbox-os/smartbox/pkg/dtrace"
	"github.com/smartbox-os/smartbox/pkg/dtrace/usdt"
)

// build is -h and -G: what C programs need to have probes of their own.
func (o *options) build(env *cli.Env, args []string, set *lib.Settings) error {
	if o.bits32 {
		return errors.New("objects of 32 bits are not supported")
	}
	objects := args
	if o.header {
		objects = nil
	}
	sources, err := o.sources(nil)
	if err != nil {
		return err
	}
	providers, err := lib.Providers(sources)
	if err != nil {
		return worded(env, err, set)
	}
	if o.header {
		name := o.outputName(sources[0].Name, ".h")
		return write(name, []byte(usdt.Header(name, providers)))
	}
	if len(objects) == 0 {
		return cli.Usagef("-G needs the objects that use the probes")
	}
	for _, path := range objects {
		if err := rewrite(path, providers); err != nil {
			return fmt.Errorf("failed to link script %s: %s: %w", sources[0].Name, path, err)
		}
	}
	object, err := usdt.Define(providers)
	if err != nil {
		return err
	}
	return write(o.outputName(sources[0].Name, ".o"), object)
}

// outputName is what -o says, or the script's name with another ending.
func (o *options) outputName(script, ending string) string {
	if o.output != "" {
		return o.output
	}
	base := filepath.Base(script)
	return strings.TrimSuffix(base, filepath.Ext(base)) + ending
}

func rewrite(path string, providers []usdt.Provider) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := usdt.Rewrite(data, providers)
	if err != nil || changed == nil {
		return err
	}
	return write(path, changed)
}

func write(path string, data []byte) error {
	return atomicfile.Write(path, data, 0o644)
}
