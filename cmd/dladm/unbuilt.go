package dladm

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// unbuiltVerbs are what dladm has beside: the verbs of each kind of link.
// Whoever builds one takes it from here.
var unbuiltVerbs = map[string]string{
	"aggr":     "create modify delete add remove show",
	"bridge":   "create modify delete add remove show",
	"ether":    "show",
	"iptun":    "create modify delete show",
	"linkprop": "set reset show",
	"overlay":  "create modify delete show",
	"phys":     "delete",
	"secobj":   "create delete show",
	"simnet":   "create modify delete show",
	"usage":    "show",
	"vlan":     "create delete show",
	"wifi":     "scan connect disconnect show",
}

func unbuilt() []*cobra.Command {
	var all []*cobra.Command
	for noun, verbs := range unbuiltVerbs {
		for v := range strings.FieldsSeq(verbs) {
			all = append(all, unbuiltVerb(v+"-"+noun))
		}
	}
	return all
}

func unbuiltVerb(name string) *cobra.Command {
	return &cobra.Command{
		Use:                name,
		Hidden:             true,
		DisableFlagParsing: true,
		RunE:               func(*cobra.Command, []string) error { return unbuiltError(name) },
	}
}

func unbuiltError(what string) error {
	return fmt.Errorf("%s is not yet supported on this host", what)
}
