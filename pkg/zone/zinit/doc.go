// Package zinit is the init of sparse zones. As PID 1 it reaps, offers a login
// on the console and ends the zone in good order; that is all it keeps in
// memory. What a boot brings (metadata, scripts) is the work of a child, package
// boot, that is gone afterwards. It sets up nothing that the host did already,
// and runs in a zone only.
//
// One of these waits in each zone, so it imports little, and begins before the
// packages of other tools do (cmd/zinit/first): a third of the memory.
package zinit

// Name is the process's name, by which others in the zone know this init.
const Name = "zinit"

// BootArg is the argument with which it does a boot's work, in a child.
const BootArg = "boot"

// searchPath is where the programs of this init look for others: our own ways
// to end a zone come before the host's, which talk to another init.
const searchPath = "/native/usr/sbin:/native/usr/bin:/opt/local/sbin:/opt/local/bin:" +
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Environ is the environment of what the init starts.
func Environ(more ...string) []string {
	return append([]string{"PATH=" + searchPath, "HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/sh"}, more...)
}
