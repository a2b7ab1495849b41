package zpool

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

type statusOptions struct{ unhealthy, verbose, json, ints bool }

// zpool status [-xv] [-j [--json-int]] [POOL...]
func newStatus(env *cli.Env, h *zpool.Host) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:     "status [-xv] [-j [--json-int]] [pool...]",
		Short:   "show the health of pools and their devices",
		Example: "  zpool status -x",
		RunE: func(cmd *cobra.Command, args []string) error {
			pools, err := h.Pools(cmd.Context(), args...)
			return errors.Join(o.print(env, pools, args), err)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.unhealthy, "unhealthy", "x", false, "only pools with errors")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "name what data is damaged, where that is known")
	f.BoolVarP(&o.json, "json", "j", false, "print JSON")
	f.BoolVar(&o.ints, "json-int", false, "with -j: numbers as numbers")
	return cmd
}

func (o *statusOptions) print(env *cli.Env, pools []zpool.Pool, asked []string) error {
	var b strings.Builder
	if len(pools) == 0 && len(asked) == 0 {
		b.WriteString("no pools available\n")
	}
	if o.unhealthy && len(pools) > 0 {
		pools = slices.DeleteFunc(pools, func(p zpool.Pool) bool { return p.Reason == "" })
		switch {
		case o.json:
		case len(pools) == 0 && len(asked) == 1:
			fmt.Fprintf(&b, "pool '%s' is healthy\n", asked[0])
		case len(pools) == 0:
			b.WriteString("all pools are healthy\n")
		}
	}
	if o.json {
		return o.printJSON(env, pools)
	}
	for i, p := range pools {
		if i > 0 {
			b.WriteString("\n")
		}
		statusOf(&b, p)
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}

func statusOf(b *strings.Builder, p zpool.Pool) {
	fmt.Fprintf(b, "  pool: %s\n state: %s\n", p.Name, p.Health)
	if p.Reason != "" {
		fmt.Fprintf(b, "status: %s\n", p.Reason)
	}
	if p.Action != "" {
		fmt.Fprintf(b, "action: %s\n", p.Action)
	}
	if p.Scan != nil {
		fmt.Fprintf(b, "  scan: %s\n", scanLine(p.Scan))
	}
	b.WriteString("config:\n\n")
	rows := vdevRows(p)
	width := len("NAME")
	for _, r := range rows {
		width = max(width, len(r.name))
	}
	fmt.Fprintf(b, "\t%-*s  %-8s %5s %5s %5s\n", width, "NAME", "STATE", "READ", "WRITE", "CKSUM")
	for _, r := range rows {
		fmt.Fprintf(b, "\t%-*s  %-8s %5s %5s %5s\n", width, r.name, r.health, count(r.read), count(r.write), count(r.checksum))
	}
	if p.Scan == nil || p.Scan.Errors == 0 {
		b.WriteString("\nerrors: No known data errors\n")
	} else {
		fmt.Fprintf(b, "\nerrors: %d data errors; the kernel's log names the files\n", p.Scan.Errors)
	}
}

// count is an error counter as people read it: 1.50K.
func count(n uint64) string { return strings.TrimSuffix(dataset.HumanSize(int64(n)), "B") }

// vdevRow is one line of the devices: the pool, a mirror or a device.
type vdevRow struct {
	name, health          string
	read, write, checksum uint64
}

func vdevRows(p zpool.Pool) []vdevRow {
	rows := []vdevRow{{name: p.Name, health: p.Health}}
	for i, group := range p.Layout.Groups(p.Devices) {
		indent := "  "
		if len(group) > 1 {
			rows = append(rows, vdevRow{name: fmt.Sprintf("  mirror-%d", i), health: groupHealth(group)})
			indent += "  "
		}
		for _, d := range group {
			rows = append(rows, vdevRow{indent + shown(d), d.Health, d.Read, d.Write, d.Checksum})
		}
	}
	return rows
}

// shown is a device's name: a disk's without /dev/, a file's whole.
func shown(d zpool.Device) string {
	if name := strings.TrimPrefix(d.Path, "/dev/"); !strings.Contains(name, "/") {
		return name
	}
	return d.Path
}

func groupHealth(group []zpool.Device) string {
	for _, d := range group {
		if d.Health != dataset.Online {
			return dataset.Degraded
		}
	}
	return dataset.Online
}

const scanTime = "Mon Jan _2 15:04:05 2006"

func scanLine(s *zpool.Scan) string {
	switch s.State {
	case dataset.Scanning:
		percent := 0.0
		if s.Total > 0 {
			percent = min(100, float64(s.Done)*100/float64(s.Total))
		}
		return fmt.Sprintf("scrub in progress since %s\n\t%s scanned out of %s, %s repaired, %.2f%% done", s.Started.Local().Format(scanTime),
			dataset.HumanSize(s.Done), dataset.HumanSize(s.Total), dataset.HumanSize(s.Repaired), percent)
	case dataset.Paused:
		return fmt.Sprintf("scrub paused, started on %s\n\t%s scanned, %s repaired", s.Started.Local().Format(scanTime),
			dataset.HumanSize(s.Done), dataset.HumanSize(s.Repaired))
	case dataset.Canceled:
		return "scrub canceled on " + s.Ended.Local().Format(scanTime)
	}
	took := s.Ended.Sub(s.Started).Round(time.Second)
	return fmt.Sprintf("scrub repaired %s in %02d:%02d:%02d with %d errors on %s", dataset.HumanSize(s.Repaired),
		int(took.Hours()), int(took.Minutes())%60, int(took.Seconds())%60, s.Errors, s.Ended.Local().Format(scanTime))
}

func (o *statusOptions) printJSON(env *cli.Env, pools []zpool.Pool) error {
	all := make(out.Object, 0, len(pools))
	for _, p := range pools {
		errors := int64(0)
		one := out.Object{{Key: "name", Value: p.Name}, {Key: "state", Value: p.Health}, {Key: "pool_guid", Value: p.GUID}}
		if p.Reason != "" {
			one = append(one, out.Member{Key: "status", Value: p.Reason}, out.Member{Key: "action", Value: p.Action})
		}
		if p.Scan != nil {
			errors = p.Scan.Errors
			one = append(one, out.Member{Key: "scan_stats", Value: o.scan(p.Scan)})
		}
		one = append(one, out.Member{Key: "vdevs", Value: o.vdevs(p)}, out.Member{Key: "error_count", Value: o.number(errors)})
		all = append(all, out.Member{Key: p.Name, Value: one})
	}
	return out.JSON(env.Stdout, out.Object{out.Version("zpool status"), {Key: "pools", Value: all}})
}

func (o *statusOptions) scan(s *zpool.Scan) out.Object {
	return out.Object{
		{Key: "function", Value: "SCRUB"},
		{Key: "state", Value: strings.ToUpper(s.State)},
		{Key: "start_time", Value: o.number(s.Started.Unix())},
		{Key: "end_time", Value: o.number(max(0, s.Ended.Unix()))},
		{Key: "to_examine", Value: o.number(s.Total)},
		{Key: "examined", Value: o.number(s.Done)},
		{Key: "processed", Value: o.number(s.Repaired)},
		{Key: "errors", Value: o.number(s.Errors)},
	}
}

// vdevs nests devices as zpool status -j does: root, mirrors, leaves.
func (o *statusOptions) vdevs(p zpool.Pool) out.Object {
	var children out.Object
	for i, group := range p.Layout.Groups(p.Devices) {
		var leaves out.Object
		for _, d := range group {
			kind := "file"
			if strings.HasPrefix(d.Path, "/dev/") {
				kind = "disk"
			}
			leaf := o.vdev(shown(d), kind, d.Health, d.Read, d.Write, d.Checksum)
			leaf = append(leaf, out.Member{Key: "path", Value: d.Path}, out.Member{Key: "total_space", Value: o.number(d.Size)})
			leaves = append(leaves, out.Member{Key: shown(d), Value: leaf})
		}
		if len(group) == 1 {
			children = append(children, leaves...)
			continue
		}
		name := fmt.Sprintf("mirror-%d", i)
		mirror := append(o.vdev(name, "mirror", groupHealth(group), 0, 0, 0), out.Member{Key: "vdevs", Value: leaves})
		children = append(children, out.Member{Key: name, Value: mirror})
	}
	root := append(o.vdev(p.Name, "root", p.Health, 0, 0, 0), out.Member{Key: "vdevs", Value: children})
	return out.Object{{Key: p.Name, Value: root}}
}

func (o *statusOptions) vdev(name, kind, state string, read, write, checksum uint64) out.Object {
	return out.Object{
		{Key: "name", Value: name},
		{Key: "vdev_type", Value: kind},
		{Key: "state", Value: state},
		{Key: "read_errors", Value: o.number(int64(read))},
		{Key: "write_errors", Value: o.number(int64(write))},
		{Key: "checksum_errors", Value: o.number(int64(checksum))},
	}
}

func (o *statusOptions) number(n int64) any {
	if o.ints {
		return n
	}
	return fmt.Sprint(n)
}
