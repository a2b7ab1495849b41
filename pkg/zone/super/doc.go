// Package super is zoneadmd: the one process beside each running zone. It makes
// the zone, owns its console, answers its metadata socket and the orders of
// zoneadm, sees how init ends, and removes everything at the end. It outlives
// reboots of its zone and dies with it. What it could not remove because it was
// killed itself, the next command's sweep does (pkg/zone).
package super
