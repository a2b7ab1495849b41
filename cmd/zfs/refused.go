package zfs

import "github.com/smartbox-os/smartbox/cmd/internal/command"

// refused are the verbs of zfs(8) that no backend here carries out, with the
// reason: better a clear word than "unrecognized".
var refused = []command.Refusal{
	{Verb: "allow", Why: "permissions are not delegated: only root may change datasets"},
	{Verb: "unallow", Why: "permissions are not delegated: only root may change datasets"},
	{Verb: "load-key", Why: "encryption is not supported"},
	{Verb: "unload-key", Why: "encryption is not supported"},
	{Verb: "change-key", Why: "encryption is not supported"},
	{Verb: "share", Why: "nothing is shared: sharenfs and sharesmb are always off"},
	{Verb: "unshare", Why: "nothing is shared: sharenfs and sharesmb are always off"},
	{Verb: "program", Why: "channel programs are not supported"},
	{Verb: "jail", Why: "there are no jails; see zoned"},
	{Verb: "unjail", Why: "there are no jails; see zoned"},
	{Verb: "zone", Why: "user namespaces get no datasets; see zoned"},
	{Verb: "unzone", Why: "user namespaces get no datasets; see zoned"},
	{Verb: "redact", Why: "redaction is not supported"},
	{Verb: "projectspace", Why: "there are no project quotas"},
	{Verb: "project", Why: "there are no project quotas"},
}
