package zfs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// Receive has OpenZFS receive a stream that is checked on the way: a crafted
// record can stop a kernel, and names that lead elsewhere pass it.
func (b *Backend) Receive(ctx context.Context, target string, src io.Reader, o dataset.ReceiveOptions) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(b.dir, "zfs"), receiveArgs(target, o)...)
	cmd.Env = []string{"PATH=" + b.dir, "LC_ALL=C"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("receive %s: %w", target, err)
	}
	bad := zstream.Check(in, src)
	if bad != nil && !o.Resumable {
		cancel() // what it has been told so far is not to be kept
	}
	in.Close()
	err = cmd.Wait()
	switch {
	case err == nil && bad == nil:
		return nil
	case err != nil && stderr.Len() > 0:
		return understand(stderr.String(), err)
	case bad != nil:
		return fmt.Errorf("cannot receive: %w", bad)
	}
	return err
}

func receiveArgs(target string, o dataset.ReceiveOptions) []string {
	args := []string{"receive"}
	for _, flag := range []struct {
		set  bool
		name string
	}{
		{o.Force, "-F"}, {o.NoMount, "-u"}, {o.Resumable, "-s"}, {o.DryRun, "-n"}, {o.WholePath, "-d"}, {o.LastName, "-e"},
	} {
		if flag.set {
			args = append(args, flag.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Props)) {
		args = append(args, "-o", name+"="+o.Props[name])
	}
	if o.Origin != "" {
		args = append(args, "-o", "origin="+o.Origin)
	}
	for _, name := range o.Exclude {
		args = append(args, "-x", name)
	}
	return append(args, target)
}

// AbortReceive drops what was kept of a stream that was cut.
func (b *Backend) AbortReceive(ctx context.Context, name string) error {
	_, err := b.run(ctx, "zfs", "receive", "-A", name)
	return err
}
