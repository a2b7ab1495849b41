// Package host is the drawer of sharp tools: fork without exec, mounts by
// descriptor, processes by pidfd and start time. It holds no policy and knows
// no zones.
package host
