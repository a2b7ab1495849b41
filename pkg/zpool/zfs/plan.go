package zfs

import (
	"context"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// Doomed names what a Destroy with the same options would remove.
func (b *Backend) Doomed(ctx context.Context, names []string, o dataset.DestroyOptions) ([]string, error) {
	on := flags(map[string]bool{"-r": o.Recursive, "-R": o.Dependents})
	var doomed []string
	for _, name := range joinSnapshots(names) {
		text, err := b.run(ctx, "zfs", append(append([]string{"destroy", "-nvp"}, on...), name)...)
		if err != nil {
			return doomed, err
		}
		for line := range strings.Lines(text) {
			if what, ok := strings.CutPrefix(strings.TrimSpace(line), "destroy\t"); ok {
				doomed = append(doomed, what)
			}
		}
	}
	return doomed, nil
}

// Plan names what Create would make, with the properties that it would set.
func (b *Backend) Plan(ctx context.Context, name string, o dataset.CreateOptions) ([]dataset.Dataset, error) {
	args := createArgs(name, o)
	text, err := b.run(ctx, "zfs", append([]string{args[0], "-nP"}, args[1:]...)...)
	return parsePlan(text, o), err
}

// parsePlan reads "create NAME" and "property NAME VALUE" lines, tabs between.
func parsePlan(text string, o dataset.CreateOptions) []dataset.Dataset {
	var made []dataset.Dataset
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		switch {
		case f[0] == "create" && len(f) == 2:
			d := dataset.Dataset{Name: f[1], Type: dataset.Filesystem, Props: map[string]dataset.Prop{}}
			if o.Volsize > 0 {
				d.Type = dataset.Volume
			}
			made = append(made, d)
		case f[0] == "property" && len(f) == 3 && len(made) > 0:
			made[len(made)-1].Props[f[1]] = dataset.Prop{Value: f[2], Source: "local"}
		}
	}
	return made
}
