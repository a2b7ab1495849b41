package zfs

import (
	"fmt"

	"github.com/spf13/cobra"
)

// refused are the verbs of zfs(8) that no backend here carries out, with the
// reason: better a clear word than "unrecognized".
var refused = []struct{ verb, why string }{
	{"allow", "permissions are not delegated: only root may change datasets"},
	{"unallow", "permissions are not delegated: only root may change datasets"},
	{"load-key", "encryption is not supported"},
	{"unload-key", "encryption is not supported"},
	{"change-key", "encryption is not supported"},
	{"share", "nothing is shared: sharenfs and sharesmb are always off"},
	{"unshare", "nothing is shared: sharenfs and sharesmb are always off"},
	{"program", "channel programs are not supported"},
	{"jail", "there are no jails; see zoned"},
	{"unjail", "there are no jails; see zoned"},
	{"zone", "user namespaces get no datasets; see zoned"},
	{"unzone", "user namespaces get no datasets; see zoned"},
	{"redact", "redaction is not supported"},
	{"projectspace", "there are no project quotas"},
	{"project", "there are no project quotas"},
}

func newRefused() []*cobra.Command {
	var all []*cobra.Command
	for _, r := range refused {
		all = append(all, &cobra.Command{
			Use: r.verb, Hidden: true, DisableFlagParsing: true,
			RunE: func(*cobra.Command, []string) error { return fmt.Errorf("cannot %s: %s", r.verb, r.why) },
		})
	}
	return all
}
