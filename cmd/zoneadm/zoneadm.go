// Package zoneadm is zoneadm, which administers zones: it installs, boots,
// lists, halts and removes them.
package zoneadm

import (
	_ "embed" // the manual
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// Manual is the manual, in Markdown.
//
//go:embed zoneadm.8.md
var Manual string

// tool is one call of zoneadm.
type tool struct {
	env   *cli.Env
	zones *zone.Host
	name  string // -z
	uuid  string // -u
}

// New is zoneadm.
func New(env *cli.Env) *cobra.Command {
	t := &tool{env: env, zones: zone.New(env.Root, env.Log)}
	root := &cobra.Command{
		Use:   "zoneadm",
		Short: "administer zones",
		Long:  "Administers zones: installs, boots, lists, halts and removes them.",
		Example: "  zoneadm list -cv\n" +
			"  zoneadm -z web install\n" +
			"  zoneadm -z web boot",
		Args: cobra.ArbitraryArgs,
		RunE: command.NeedVerb,
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&t.name, "zone", "z", "", "the zone, by name")
	flags.StringVarP(&t.uuid, "uuid", "u", "", "the zone, by the start of its uuid")
	complete(root.RegisterFlagCompletionFunc("zone", t.completeZone))
	root.AddCommand(t.attach(), t.boot(), t.clone(), t.detach(), t.halt(), t.install(), t.list(), t.mark(),
		t.move(), t.ready(), t.reboot(), t.shutdown(), t.uninstall(), t.verify())
	return root
}

// complete is told of an error that only a wrong flag's name can cause.
func complete(err error) {
	if err != nil {
		panic("zoneadm: " + err.Error())
	}
}

func (t *tool) completeZone(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	names, err := t.zones.Names()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// target is the zone that -z or -u names. It exists.
func (t *tool) target() (string, error) {
	switch {
	case t.name == "" && t.uuid == "":
		return "", sayf("no zone specified")
	case t.uuid != "":
		return t.byUUID()
	case t.name == zone.Global:
		return t.name, nil
	}
	if _, err := t.zones.Load(t.name); err != nil {
		return "", t.word(t.name, err)
	}
	return t.name, nil
}

// byUUID prefers the zone whose uuid matches; -z names one for when none does.
func (t *tool) byUUID() (string, error) {
	list, err := t.zones.List()
	for _, z := range list {
		if strings.HasPrefix(z.Config.UUID, t.uuid) {
			return z.Name, nil
		}
	}
	if err != nil {
		return "", err
	}
	if t.name == "" {
		return "", sayf("%s: No such zone configured", t.uuid)
	}
	t.uuid = ""
	return t.target()
}

// act is the RunE of a verb that changes a zone.
func (t *tool) act(do func(cmd *cobra.Command, zone string, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		name, err := t.target()
		if err != nil {
			return err
		}
		switch {
		case name == zone.Global:
			return sayf("%s operation is invalid for the global zone.", cmd.Name())
		case !privileged():
			return zoneError(name, sayf("only a privileged user may %s a zone.", cmd.Name()))
		}
		return t.word(name, do(cmd, name, args))
	}
}
