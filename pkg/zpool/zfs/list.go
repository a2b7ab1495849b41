package zfs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// List reads datasets with one call of zfs get for all: its output keeps the
// source of each value, and its order is that of zfs list.
func (b *Backend) List(ctx context.Context, o dataset.ListOptions) ([]dataset.Dataset, error) {
	text, runErr := b.run(ctx, "zfs", listArgs(o)...)
	all, err := parseGet(text)
	return all, errors.Join(runErr, err)
}

func listArgs(o dataset.ListOptions) []string {
	props := "all"
	if len(o.Props) > 0 {
		props = "type," + strings.Join(nativeNames(o.Props), ",")
	}
	types := "filesystem,volume"
	if len(o.Types) > 0 {
		names := make([]string, len(o.Types))
		for i, t := range o.Types {
			names[i] = string(t)
		}
		types = strings.Join(names, ",")
	}
	args := []string{"get", "-Hp", "-o", "name,property,value,source", "-t", types}
	switch {
	case o.Recursive && o.Depth > 0:
		args = append(args, "-d", fmt.Sprint(o.Depth))
	case o.Recursive || len(o.Roots) == 0:
		args = append(args, "-r")
	}
	return append(append(args, props), o.Roots...)
}

// nativeNames are properties that zfs get knows: name is none, type is asked
// for anyway.
func nativeNames(props []string) []string {
	var out []string
	for _, p := range props {
		if p != "name" && p != "type" {
			out = append(out, p)
		}
	}
	return out
}

var errOutput = errors.New("zfs get printed what was not expected")

// parseGet reads lines of name, property, value and source, by dataset.
func parseGet(text string) ([]dataset.Dataset, error) {
	var all []dataset.Dataset
	index := make(map[string]int)
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) < 4 {
			return all, fmt.Errorf("%w: %q", errOutput, line)
		}
		// A user property's value may hold tabs; the source has none.
		name, prop, value, source := f[0], f[1], strings.Join(f[2:len(f)-1], "\t"), f[len(f)-1]
		i, ok := index[name]
		if !ok {
			i = len(all)
			index[name] = i
			all = append(all, dataset.Dataset{Name: name, Props: map[string]dataset.Prop{
				"name": {Value: name, Source: "-"},
			}})
		}
		all[i].Props[prop] = dataset.Prop{Value: value, Source: source}
		if prop == "type" {
			all[i].Type = dataset.Type(value)
		}
	}
	return all, nil
}
