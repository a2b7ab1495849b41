package vmadm

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/pkg/vm"
)

// fieldNames are the properties that lists can show.
func fieldNames() []string {
	var names []string
	for _, p := range vm.Properties() {
		if _, _, ok := p.Column(); ok {
			names = append(names, p.Name)
		}
	}
	return names
}

// completeFilter offers KEY= for the fields.
func completeFilter(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, name := range fieldNames() {
		words = append(words, name+"=")
	}
	return words, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}

// registerFields completes the last field of -o and -s.
func registerFields(cmd *cobra.Command) {
	complete := func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		var words []string
		for _, name := range fieldNames() {
			words = append(words, before+name)
		}
		return words, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
	for _, flag := range []string{"order", "sort"} {
		if cmd.Flags().Lookup(flag) == nil {
			continue
		}
		if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
			panic(err) // the flag was registered twice
		}
	}
}
