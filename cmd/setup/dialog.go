package setup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/cmd/internal/terminal"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform/live"
)

// dialog asks on the console.
type dialog struct {
	in     *bufio.Reader
	out    io.Writer
	disks  []live.Disk
	uefi   bool
	noEcho func() (restore func())
}

var errAborted = errors.New("nothing was changed")

// ask is the interactive form of a file of answers.
func ask(env *cli.Env) (*live.Answers, error) {
	disks, err := live.Disks()
	if err != nil {
		return nil, err
	}
	_, err = os.Stat("/sys/firmware/efi")
	return dialog{
		in: bufio.NewReader(env.Stdin), out: env.Stdout, disks: disks, uefi: err == nil,
		noEcho: func() func() { return terminal.NoEcho(env.Stdin) },
	}.run()
}

func (d dialog) run() (*live.Answers, error) {
	if len(d.disks) == 0 {
		return nil, errors.New("there is no disk for a pool")
	}
	fmt.Fprintf(d.out, "\nThis machine has no pool yet. A few questions and it has one; Enter takes what\nis in brackets, Ctrl-D leaves everything as it is.\n\n")
	a := &live.Answers{}
	for _, part := range []func(*live.Answers) error{d.disk, d.boot, d.host, d.network, d.password} {
		if err := part(a); err != nil {
			return nil, err
		}
	}
	sure, err := d.question(fmt.Sprintf("Everything on %s will be lost. Go on (yes/no)?", strings.Join(a.Disks, " ")), "no")
	if err != nil {
		return nil, err
	}
	if sure != "yes" {
		return nil, errAborted
	}
	a.Force = true
	return a, a.Check()
}

// question asks once.
func (d dialog) question(text, deft string) (string, error) {
	fmt.Fprintf(d.out, "%s [%s]: ", text, deft)
	line, err := d.in.ReadString('\n')
	if err != nil {
		fmt.Fprintln(d.out)
		return "", errAborted
	}
	if line = strings.TrimSpace(line); line == "" {
		return deft, nil
	}
	return line, nil
}

// until asks until the answer is one that set takes.
func (d dialog) until(text, deft string, set func(string) error) error {
	for {
		answer, err := d.question(text, deft)
		if err != nil {
			return err
		}
		err = set(answer)
		if err == nil {
			return nil
		}
		fmt.Fprintf(d.out, "  %v\n", err)
	}
}

func (d dialog) disk(a *live.Answers) error {
	deft := d.disks[0].Path
	for _, disk := range slices.Backward(d.disks) {
		state := "holds something"
		if disk.Empty {
			state, deft = "empty", disk.Path
		}
		fmt.Fprintf(d.out, "  %-14s %8.1f GB  %-16s %s\n", disk.Path, float64(disk.Size)/1e9, disk.Model, state)
	}
	return d.until("Disk of the pool", deft, func(answer string) error {
		if !slices.ContainsFunc(d.disks, func(disk live.Disk) bool { return disk.Path == answer }) {
			return fmt.Errorf("%s is not one of the disks above", answer)
		}
		a.Disks = []string{answer}
		return nil
	})
}

// boot is asked where the firmware could start what is on the disk.
func (d dialog) boot(a *live.Answers) error {
	if !d.uefi {
		return nil
	}
	return d.until("Room for a boot loader on it (yes/no)", "yes", func(answer string) error {
		if answer != "yes" && answer != "no" {
			return errors.New("yes or no")
		}
		a.Bootable = answer == "yes"
		return nil
	})
}

func (d dialog) host(a *live.Answers) error {
	return d.until("Name of this machine", "smartbox", func(answer string) error {
		a.Hostname = answer
		return (&live.Answers{Hostname: answer}).Check()
	})
}

func (d dialog) network(a *live.Answers) error {
	err := d.until("Its address: dhcp, none or ADDRESS/BITS", "dhcp", func(answer string) error {
		a.AdminIP = answer
		return (&live.Answers{AdminIP: answer}).Check()
	})
	if err != nil || a.AdminIP == "dhcp" || a.AdminIP == "none" {
		return err
	}
	err = d.until("Gateway", "none", func(answer string) error {
		a.AdminGateway = answer
		return (&live.Answers{AdminIP: a.AdminIP, AdminGateway: answer}).Check()
	})
	if err != nil {
		return err
	}
	return d.until("Name servers, with commas between", "", func(answer string) error {
		a.Resolvers = strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || r == ' ' })
		return (&live.Answers{Resolvers: a.Resolvers}).Check()
	})
}

func (d dialog) password(a *live.Answers) error {
	defer d.noEcho()()
	for {
		first, err := d.question("Password of root", "none")
		if err != nil {
			return err
		}
		fmt.Fprintln(d.out)
		if first == "none" {
			return nil
		}
		again, err := d.question("Once more", "")
		if err != nil {
			return err
		}
		fmt.Fprintln(d.out)
		if again == first {
			a.RootPassword = first
			return nil
		}
		fmt.Fprintln(d.out, "  These differ.")
	}
}
