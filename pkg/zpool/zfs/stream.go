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
	"strconv"
	"strings"

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

// Send has OpenZFS write a stream.
func (b *Backend) Send(ctx context.Context, snapshot string, dst io.Writer, o dataset.SendOptions) error {
	cmd := exec.CommandContext(ctx, filepath.Join(b.dir, "zfs"), sendArgs(snapshot, o)...)
	cmd.Env = []string{"PATH=" + b.dir, "LC_ALL=C"}
	var stderr, sizes bytes.Buffer
	cmd.Stdout, cmd.Stderr = dst, &stderr
	if o.DryRun {
		cmd.Stdout = &sizes
	}
	if err := cmd.Run(); err != nil {
		return understand(stderr.String(), err)
	}
	if o.DryRun && o.Report != nil {
		for line := range strings.Lines(sizes.String()) {
			reportSize(strings.Split(strings.TrimSpace(line), "\t"), o.Report)
		}
	}
	return nil
}

// reportSize reads a line of zfs send -nvP.
func reportSize(fields []string, report func(dataset.Sent)) {
	n, err := strconv.ParseInt(fields[len(fields)-1], 10, 64)
	switch {
	case err != nil:
	case fields[0] == "full" && len(fields) == 3:
		report(dataset.Sent{To: fields[1], Bytes: n})
	case fields[0] == "incremental" && len(fields) == 4:
		report(dataset.Sent{From: fields[1], To: fields[2], Bytes: n})
	case fields[0] == "size":
		report(dataset.Sent{Bytes: n})
	}
}

func sendArgs(snapshot string, o dataset.SendOptions) []string {
	args := []string{"send"}
	if o.DryRun {
		args = append(args, "-nvP")
	}
	if o.Token != "" {
		return append(args, "-t", o.Token)
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{
		{o.Replicate, "-R"},
		{o.Props, "-p"},
		{o.Holds, "-h"},
		{o.Compressed, "-c"},
		{o.LargeBlocks, "-L"},
		{o.Embedded, "-e"},
		{o.Raw, "-w"},
	} {
		if flag.set {
			args = append(args, flag.name)
		}
	}
	switch {
	case o.From != "" && o.Intermediates:
		args = append(args, "-I", o.From)
	case o.From != "":
		args = append(args, "-i", o.From)
	}
	return append(args, snapshot)
}
