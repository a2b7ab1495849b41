// Package enter starts a process inside a running zone: the one place where
// something of the host crosses into a world whose root is hostile.
//
// Go cannot call setns(2) on a user namespace, since its processes have many
// threads, and a helper that stays in the zone could be traced or killed there.
// So this package forks by hand. The child (stage one) has a copy of our memory,
// one thread and no handler, and does nothing but prepared system calls: it
// drops every descriptor but three and a socket, joins the zone's cgroups, then
// all namespaces of the zone's init at once through a pidfd, and forks the
// process (stage two) that takes on init's limits, capability bounding set and
// seccomp filter, becomes the user, and executes the command. Stage one stays
// outside the zone's PID namespace, with nothing open, until the command ends.
//
// What must stay true, and why:
//
//   - The children are not dumpable before they enter, and their memory belongs
//     to the host's user namespace: the zone's root cannot trace them, read their
//     memory, or follow /proc/PID/{exe,fd,cwd,root} of theirs (CVE-2019-5736).
//   - No descriptor, working directory, controlling terminal, key ring or
//     environment of the host is left (CVE-2024-21626): the command's streams
//     are pipes made here, or a pty of the zone's own devpts that is opened
//     inside and handed out.
//   - Nothing inside is looked up by path before the process is the zone's in
//     every way, except what the command itself names.
//   - The pid alone never names init: pidfd first, then its start time.
//   - The children run only nosplit code: no allocation, no pointer written to
//     the heap, no panic, no runtime.
//   - The zone may stop or kill stage two at any moment; the parent only ever
//     waits where a context can end the waiting.
//
// util-linux nsenter is no fallback: it can take on neither the filter nor the
// bounding set. The kernel must be Linux 5.9 or later (close_range).
package enter
