package zpool

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type iostatOptions struct {
	verbose, scripted, parsable, skipFirst bool
	interval                               time.Duration
	times                                  int // 0: for ever
}

// zpool iostat [-vHpy] [POOL...] [INTERVAL [COUNT]]
func newIostat(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o iostatOptions
	cmd := &cobra.Command{
		Use:     "iostat [-vHpy] [pool...] [interval [count]]",
		Short:   "show what pools read and write",
		Example: "  zpool iostat -v zones 5",
		RunE: func(cmd *cobra.Command, args []string) error {
			pools, err := o.parse(args)
			if err != nil {
				return err
			}
			return o.run(cmd, env, h, pools)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.verbose, "verbose", "v", false, "devices too")
	f.BoolVarP(&o.scripted, "scripted", "H", false, "no header, fields separated by one tab")
	f.BoolVarP(&o.parsable, "parsable", "p", false, "exact numbers")
	f.BoolVarP(&o.skipFirst, "skip-first", "y", false, "without the numbers since the devices are there")
	return cmd
}

// parse takes interval and count off the end of the operands.
func (o *iostatOptions) parse(args []string) (pools []string, err error) {
	var numbers []float64
	for len(args) > 0 && len(numbers) < 2 {
		n, err := strconv.ParseFloat(args[len(args)-1], 64)
		if err != nil {
			break
		}
		numbers = append([]float64{n}, numbers...)
		args = args[:len(args)-1]
	}
	o.times = 1
	switch {
	case len(numbers) > 0 && (numbers[0] <= 0 || numbers[0] > 1e6):
		return nil, cli.Usagef("invalid interval '%v'", numbers[0])
	case len(numbers) == 2 && (numbers[1] < 1 || numbers[1] != float64(int(numbers[1]))):
		return nil, cli.Usagef("invalid count '%v'", numbers[1])
	case len(numbers) == 2:
		o.times = int(numbers[1])
	case len(numbers) == 1:
		o.times = 0
	}
	if len(numbers) > 0 {
		o.interval = time.Duration(numbers[0] * float64(time.Second))
	}
	return args, nil
}

func (o *iostatOptions) run(cmd *cobra.Command, env *cli.Env, h *zpool.Host, names []string) error {
	before := make(map[string]dataset.IO)
	seconds := 0.0
	for n := 0; ; n++ {
		pools, err := h.Pools(cmd.Context(), names...)
		if err != nil {
			return err
		}
		rows := o.rows(pools, before, seconds)
		if n > 0 || !o.skipFirst {
			if err := o.print(env, rows, n == 0 || o.skipFirst && n == 1); err != nil {
				return err
			}
			o.times--
		}
		if o.times == 0 {
			return nil
		}
		start := time.Now()
		select {
		case <-cmd.Context().Done():
			return nil
		case <-time.After(o.interval):
		}
		seconds = time.Since(start).Seconds()
	}
}

// rows are the differences to before, by second; the first time what was
// counted since the devices are there.
func (o *iostatOptions) rows(pools []zpool.Pool, before map[string]dataset.IO, seconds float64) [][]string {
	var rows [][]string
	for _, p := range pools {
		var sum dataset.IO
		var devices [][]string
		for _, d := range p.Devices {
			key := p.Name + "\x00" + d.Path
			io := less(d.IO, before[key])
			before[key] = d.IO
			sum = plus(sum, io)
			devices = append(devices, o.row("  "+shown(d), d.Alloc, d.Size-d.Alloc, io, seconds))
		}
		rows = append(rows, o.row(p.Name, p.Alloc, p.Size-p.Alloc, sum, seconds))
		if o.verbose {
			rows = append(rows, devices...)
		}
	}
	return rows
}

func less(a, b dataset.IO) dataset.IO {
	return dataset.IO{
		Reads: a.Reads - b.Reads, Writes: a.Writes - b.Writes,
		ReadBytes: a.ReadBytes - b.ReadBytes, WriteBytes: a.WriteBytes - b.WriteBytes,
	}
}

func plus(a, b dataset.IO) dataset.IO {
	return dataset.IO{
		Reads: a.Reads + b.Reads, Writes: a.Writes + b.Writes,
		ReadBytes: a.ReadBytes + b.ReadBytes, WriteBytes: a.WriteBytes + b.WriteBytes,
	}
}

func (o *iostatOptions) row(name string, alloc, free int64, io dataset.IO, seconds float64) []string {
	if o.scripted {
		name = strings.TrimSpace(name)
	}
	row := []string{name, o.number(alloc), o.number(free)}
	for _, n := range []uint64{io.Reads, io.Writes, io.ReadBytes, io.WriteBytes} {
		if seconds > 0 {
			n = uint64(float64(n)/seconds + 0.5)
		}
		row = append(row, o.number(int64(n)))
	}
	return row
}

func (o *iostatOptions) number(n int64) string {
	if o.parsable {
		return strconv.FormatInt(n, 10)
	}
	return strings.TrimSuffix(dataset.HumanSize(n), "B")
}

func (o *iostatOptions) print(env *cli.Env, rows [][]string, header bool) error {
	if o.scripted {
		return out.Fields(env.Stdout, "\t", rows)
	}
	width := len("pool")
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	var b strings.Builder
	rule := strings.Repeat("-", width) + strings.Repeat("  -----", 6) + "\n"
	if header {
		fmt.Fprintf(&b, "%*s    capacity     operations     bandwidth \n", width, "")
		fmt.Fprintf(&b, "%-*s  alloc   free   read  write   read  write\n%s", width, "pool", rule)
	}
	for _, r := range rows {
		fmt.Fprintf(&b, "%-*s  %5s  %5s  %5s  %5s  %5s  %5s\n", width, r[0], r[1], r[2], r[3], r[4], r[5], r[6])
	}
	if len(rows) > 1 {
		b.WriteString(rule)
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}
