// Package setup is smartbox setup: the in-memory system's configurator.
package setup

import (
	"bufio"
	_ "embed" // the manual
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/cmd/internal/terminal"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform/live"
)

// Manual is setup.8.md.
//
//go:embed setup.8.md
var Manual string

// New is setup [-a FILE].
func New(env *cli.Env) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:                   "setup [-a answers]",
		Short:                 "make the pool and configuration of the in-memory system",
		Example:               "  smartbox setup -a answers.json",
		DisableFlagsInUseLine: true,
		Args:                  command.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if live.Stamp() == "" {
				return cli.WithHint(errors.New("this host does not run from a platform image"),
					"zpool create zones DEVICE makes a pool here")
			}
			var a *live.Answers
			var err error
			if file != "" {
				a, err = live.ReadAnswers(file)
			} else {
				a, err = ask(env)
			}
			if err != nil {
				return err
			}
			return live.New(env.Root, env.Log, env.Stdout).Setup(cmd.Context(), a)
		},
	}
	cmd.Flags().StringVarP(&file, "answers", "a", "", "take the answers from a file")
	return cmd
}

// dialog asks on the console.
type dialog struct {
	in  *bufio.Reader
	out io.Writer
}

var errAborted = errors.New("nothing was changed")

// ask is the interactive form of a file of answers.
func ask(env *cli.Env) (*live.Answers, error) {
	d := dialog{bufio.NewReader(env.Stdin), env.Stdout}
	fmt.Fprintf(d.out, "\nThis machine has no pool yet. A few questions and it has one; Enter takes what\nis in brackets, Ctrl-D leaves everything as it is.\n\n")
	a := &live.Answers{}
	if err := d.disk(a); err != nil {
		return nil, err
	}
	for _, q := range []struct {
		to         *string
		text, deft string
	}{
		{&a.Hostname, "Name of this machine", "smartbox"},
		{&a.AdminIP, "Its address: dhcp, none or ADDRESS/BITS", "dhcp"},
	} {
		if err := d.question(q.to, q.text, q.deft); err != nil {
			return nil, err
		}
	}
	if a.AdminIP != "dhcp" && a.AdminIP != "none" {
		if err := d.network(a); err != nil {
			return nil, err
		}
	}
	if err := d.password(env, a); err != nil {
		return nil, err
	}
	if err := a.Check(); err != nil {
		return nil, err
	}
	var sure string
	if err := d.question(&sure, fmt.Sprintf("Everything on %s will be lost. Go on (yes/no)?", strings.Join(a.Disks, " ")), "no"); err != nil {
		return nil, err
	}
	if sure != "yes" {
		return nil, errAborted
	}
	a.Force = true
	return a, nil
}

func (d dialog) question(to *string, text, deft string) error {
	fmt.Fprintf(d.out, "%s [%s]: ", text, deft)
	line, err := d.in.ReadString('\n')
	if err != nil {
		fmt.Fprintln(d.out)
		return errAborted
	}
	if *to = strings.TrimSpace(line); *to == "" {
		*to = deft
	}
	return nil
}

func (d dialog) disk(a *live.Answers) error {
	disks, err := live.Disks()
	if err != nil {
		return err
	}
	if len(disks) == 0 {
		return errors.New("there is no disk for a pool")
	}
	deft := disks[0].Path
	for _, disk := range slices.Backward(disks) {
		state := "holds something"
		if disk.Empty {
			state, deft = "empty", disk.Path
		}
		fmt.Fprintf(d.out, "  %-14s %8.1f GB  %-16s %s\n", disk.Path, float64(disk.Size)/1e9, disk.Model, state)
	}
	var disk string
	if err := d.question(&disk, "Disk of the pool", deft); err != nil {
		return err
	}
	a.Disks = []string{disk}
	return nil
}

func (d dialog) network(a *live.Answers) error {
	if err := d.question(&a.AdminGateway, "Gateway", "none"); err != nil {
		return err
	}
	var resolvers string
	if err := d.question(&resolvers, "Name servers, with commas between", ""); err != nil {
		return err
	}
	a.Resolvers = strings.FieldsFunc(resolvers, func(r rune) bool { return r == ',' || r == ' ' })
	return nil
}

func (d dialog) password(env *cli.Env, a *live.Answers) error {
	restore := terminal.NoEcho(env.Stdin)
	defer restore()
	for {
		var again string
		if err := d.question(&a.RootPassword, "Password of root", "none"); err != nil {
			return err
		}
		if a.RootPassword == "none" {
			a.RootPassword = ""
			fmt.Fprintln(d.out)
			return nil
		}
		fmt.Fprintln(d.out)
		if err := d.question(&again, "Once more", ""); err != nil {
			return err
		}
		fmt.Fprintln(d.out)
		if again == a.RootPassword {
			return nil
		}
		fmt.Fprintln(d.out, "These differ.")
	}
}
