// Package live is the in-memory system's own work between kernel and zones, the
// part of init that may fail without harm to PID 1: drivers, the pool and what
// is mounted from it, the host's addresses, the zones that start by themselves,
// the login on the console, and all of it backwards at the end. Setup makes a
// machine's pool and configuration at its first boot.
//
// The machine's memory is lost at power off. What stays is on the pool: zone
// configurations (zones/config), /usbkey with the node's own settings, images,
// links, logs and platform images (zones/boot).
package live
