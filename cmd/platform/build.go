package platform

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform"
	"github.com/smartbox-os/smartbox/pkg/platform/kernel"
	"github.com/smartbox-os/smartbox/pkg/platform/live"
	"github.com/smartbox-os/smartbox/pkg/platform/media"
)

type buildOptions struct {
	kernel, profile, stamp, key, binary, setup string
	modules, trust, programs                   []string
}

// build [-k KERNEL] [-p PROFILE] [-m MODULE]... [-s STAMP] [-K KEY] DIR
func newBuild(env *cli.Env) *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:     "build [-k kernel] [-p vm|hardware] [-m module]... [-s stamp] [-K key] [-a answers] directory",
		Short:   "make an image: kernel, initramfs, signed manifest",
		Example: "  smartbox platform build -k linux-image-6.1.0-56-cloud-amd64.deb build/platform",
		Args:    command.Args(1, 1),
		RunE:    func(_ *cobra.Command, args []string) error { return build(env, o, args[0]) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.kernel, "kernel", "k", "", "kernel package or a directory where one is unpacked (this host's own)")
	f.StringVarP(&o.profile, "profile", "p", platform.ProfileVM, "vm or hardware: which drivers are in it")
	f.StringArrayVarP(&o.modules, "module", "m", nil, "a further module")
	f.StringArrayVar(&o.programs, "program", nil, "a further program of this host, by its path")
	f.StringVarP(&o.stamp, "stamp", "s", "", "the image's stamp (the time, or SOURCE_DATE_EPOCH)")
	f.StringVarP(&o.key, "key", "K", "", "private key to sign with (one that is made at the first build)")
	f.StringArrayVar(&o.trust, "trust", nil, "a public key that the running image shall trust too")
	f.StringVarP(&o.setup, "answers", "a", "", "answers for an unattended setup at the first boot")
	f.StringVar(&o.binary, "binary", "", "the smartbox that becomes its init (this one)")
	return cmd
}

func build(env *cli.Env, o buildOptions, dir string) error {
	image, err := o.image(env)
	if err != nil {
		return err
	}
	if env.Fancy(env.Stderr) {
		image.Progress = func(what string) { fmt.Fprintf(env.Stderr, "%s...\n", what) }
	}
	m, err := image.Build(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "platform %s: kernel %s, signed with key %s\n", m.Stamp, m.Release, image.Signer.Public().ID())
	for _, f := range m.Files {
		fmt.Fprintf(env.Stdout, "%s  %.1f MB\n", filepath.Join(dir, f.Name), float64(f.Size)/1e6)
	}
	return nil
}

// image is what the flags describe.
func (o *buildOptions) image(env *cli.Env) (*platform.Image, error) {
	cache, err := cacheDir(env)
	if err != nil {
		return nil, err
	}
	modules, err := platform.Modules(o.profile)
	if err != nil {
		return nil, cli.Usagef("%w", err)
	}
	image := &platform.Image{Profile: o.profile, Version: version()}
	image.Modules = slices.Concat(modules, o.modules)
	if image.Kernel, err = kernel.Open(o.kernel, filepath.Join(cache, "kernels", "unpacked")); err != nil {
		return nil, err
	}
	if image.Stamp, err = o.stampOrNow(env); err != nil {
		return nil, err
	}
	if image.Signer, err = o.signer(env); err != nil {
		return nil, err
	}
	for _, file := range o.trust {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		key, err := platform.ParseKey(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		image.Trust = append(image.Trust, key)
	}
	return image, o.content(image)
}

// content adds programs and files.
func (o *buildOptions) content(image *platform.Image) error {
	var err error
	if image.Binary = o.binary; image.Binary == "" {
		if image.Binary, err = os.Executable(); err != nil {
			return err
		}
	}
	names, err := exec.Command(image.Binary, "--list").Output()
	if err != nil {
		return fmt.Errorf("%s --list: %w", image.Binary, err)
	}
	image.Tools = append(strings.Fields(string(names)), "halt", "poweroff", "reboot", "shutdown")
	image.Programs = platform.HostPrograms("mkfs.btrfs")
	if len(image.Programs) == 0 {
		return errors.New("needs mkfs.btrfs for the image's pools (package btrfs-progs)")
	}
	for _, p := range o.programs {
		image.Programs = append(image.Programs, platform.Program{Path: p, As: p})
	}
	image.Files = platform.BaseFiles()
	if o.setup != "" {
		if _, err := live.ReadAnswers(o.setup); err != nil {
			return err
		}
		image.Files = append(image.Files, platform.File{Name: live.AnswersFile, Mode: 0o600, From: o.setup})
	}
	if _, err := os.Stat(media.DebianBlobs.Stub); err == nil { // for piadm bootable
		image.Files = append(image.Files, platform.File{Name: media.DebianBlobs.Stub, Mode: 0o644, From: media.DebianBlobs.Stub})
	}
	return image.Userland()
}

func (o *buildOptions) stampOrNow(env *cli.Env) (string, error) {
	if o.stamp != "" {
		return o.stamp, platform.CheckStamp(o.stamp)
	}
	if epoch := env.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		n, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return "", fmt.Errorf("SOURCE_DATE_EPOCH: %q is not a number", epoch)
		}
		return platform.Stamp(time.Unix(n, 0)), nil
	}
	return platform.Stamp(env.Now()), nil
}

// signer is the key of the flag, or the user's own, made when first needed.
func (o *buildOptions) signer(env *cli.Env) (*platform.Signer, error) {
	if o.key != "" {
		return platform.LoadSigner(o.key)
	}
	file, err := ownKey(env)
	if err != nil {
		return nil, err
	}
	s, err := platform.LoadSigner(file)
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(env.Stderr, "platform: made the key %s to sign images with\n", file)
		return platform.NewSigner(file)
	}
	return s, err
}

// xdg is a directory of the user's as the desktop's rules name it.
func xdg(env *cli.Env, variable, fallback string) (string, error) {
	if dir := env.Getenv(variable); dir != "" {
		return filepath.Join(dir, "smartbox"), nil
	}
	home := env.Getenv("HOME")
	if home == "" {
		return "", fmt.Errorf("neither %s nor HOME is set", variable)
	}
	return filepath.Join(home, fallback, "smartbox"), nil
}

func cacheDir(env *cli.Env) (string, error) { return xdg(env, "XDG_CACHE_HOME", ".cache") }

func ownKey(env *cli.Env) (string, error) {
	dir, err := xdg(env, "XDG_CONFIG_HOME", ".config")
	return filepath.Join(dir, "platform.key"), err
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
