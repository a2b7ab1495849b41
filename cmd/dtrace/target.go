package dtrace

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/dtrace/target"
)

// targets starts the commands of -c and takes the processes of -p. The first is
// the program's $target.
func (o *options) targets(env *cli.Env) ([]*target.Process, error) {
	var all []*target.Process
	for _, pid := range o.pids {
		n, err := strconv.ParseInt(pid, 10, 32)
		if err != nil || n <= 0 {
			return nil, errors.Join(fmt.Errorf("invalid pid: %s", pid), closeTargets(all))
		}
		p, err := target.Grab(int(n))
		if err != nil {
			return nil, errors.Join(err, closeTargets(all))
		}
		all = append(all, p)
	}
	for _, line := range o.commands {
		p, err := target.Start(strings.Fields(line), file(env.Stdin), file(env.Stdout), file(env.Stderr))
		if err != nil {
			return nil, errors.Join(err, closeTargets(all))
		}
		all = append(all, p)
	}
	return all, nil
}

// file is a stream that a child can have; nil, which is /dev/null, for others.
func file(stream any) *os.File {
	f, ok := stream.(*os.File)
	if !ok {
		return nil
	}
	return f
}

func closeTargets(all []*target.Process) error {
	var errs []error
	for _, p := range all {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}
