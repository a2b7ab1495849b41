package imgadm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
	"github.com/smartbox-os/smartbox/pkg/vm"
)

type createOptions struct {
	img.CreateOptions
	manifest, script, publish string
	quiet                     bool
}

// imgadm create [-i] [-c COMPRESSION] [-o PATH] [-m MANIFEST] [-p URL] VM [FIELD=VALUE...]
func (t *tool) create() *cobra.Command {
	var o createOptions
	c := &cobra.Command{
		Use: "create VM-UUID [FIELD=VALUE...]", Short: "make an image of a stopped machine",
		Example: "  imgadm create -c gzip -o /var/tmp $(vmadm lookup alias=golden) name=golden version=1.0.0",
	}
	f := c.Flags()
	f.BoolVarP(&o.Incremental, "incremental", "i", false, "only what the machine has beyond the image that it was made of")
	f.StringVarP(&o.Compression, "compression", "c", "none", "none, gzip, xz or zstd")
	f.StringVarP(&o.Output, "output", "o", "", "the files' `directory`, or the start of their path")
	f.StringVarP(&o.manifest, "manifest", "m", "", "a `file` with fields of the manifest, - for stdin")
	f.StringVarP(&o.publish, "publish", "p", "", "give it to the image server at this `URL` instead of keeping the files")
	f.StringVarP(&o.script, "script", "s", "", "a script that prepares the machine (not supported)")
	f.IntVar(&o.MaxDepth, "max-origin-depth", 0, "refuse an image that builds upon as `many` others")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress bar")
	return t.verb(c, 1, -1, func(ctx context.Context, args []string) error {
		if err := t.createOptions(&o, args[1:]); err != nil {
			return err
		}
		r := t.reporter(o.quiet)
		defer r.end()
		o.Report = r.tell
		h := vm.New(t.env.Root, t.env.Log)
		if o.publish != "" {
			return t.createThere(ctx, h, args[0], o)
		}
		_, err := h.CreateImage(ctx, args[0], o.CreateOptions)
		return err
	})
}

// createOptions reads the manifest that is given.
func (t *tool) createOptions(o *createOptions, fields []string) error {
	switch {
	case o.script != "":
		return &img.Error{Code: img.CodeUnsupported, Err: cli.Usagef("-s: scripts that prepare a machine are not run: prepare it yourself and stop it")}
	case o.Compression == "bzip2":
		return &img.Error{Code: img.CodeUnsupported, Err: cli.Usagef("-c bzip2: images are read, but not written with bzip2: use gzip, xz or zstd")}
	case o.MaxDepth == 1 || o.MaxDepth < 0:
		return cli.Usagef("--max-origin-depth must be at least 2")
	case o.publish != "" && o.Output != "":
		return cli.Usagef("-o and -p exclude each other")
	}
	m, err := t.partialManifest(o.manifest)
	if err != nil {
		return err
	}
	for _, field := range fields {
		name, value, ok := strings.Cut(field, "=")
		if !ok || name == "" {
			return cli.Usagef("%q is not FIELD=VALUE", field)
		}
		if err := m.Set(name, fieldValue(value)); err != nil {
			return err
		}
	}
	o.Manifest, o.Now = m, t.env.Now()
	return nil
}

// fieldValue takes JSON for what it says, and all else as text. Numbers are
// text, since versions look like them.
func fieldValue(text string) any {
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return text
	}
	if _, number := value.(float64); number {
		return text
	}
	return value
}

// partialManifest is what the maker wrote down, which need not be whole.
func (t *tool) partialManifest(path string) (*manifest.Manifest, error) {
	switch path {
	case "":
		return manifest.Read([]byte("{}"))
	case "-":
		data, err := io.ReadAll(io.LimitReader(t.env.Stdin, manifest.MaxSize+1))
		if err != nil {
			return nil, fmt.Errorf("read the manifest: %w", err)
		}
		m, err := manifest.Read(data)
		if err != nil {
			return nil, &img.Error{Code: img.CodeInvalidManifest, Err: fmt.Errorf("manifest on stdin: %w", err)}
		}
		return m, nil
	}
	return img.ReadManifest(path)
}
