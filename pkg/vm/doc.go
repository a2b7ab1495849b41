// Package vm is the machine as vmadm sees it: the table of its properties,
// payloads and their checks, and the life of a machine from create to delete.
// It ties zones, images, pools and links together; what a machine is at rest
// it keeps in the zone's configuration (pkg/zone) and in JSON files inside the
// machine's dataset, so that it has no database of its own to disagree with.
//
// Where to look: a property is a row of proptable.go and its place in the
// configuration a row of mapping.go. payload.go reads, validate.go judges,
// normalize.go, memory.go and nic*.go complete what was judged. One file per
// verb does the work. It prints nothing and knows no command line.
package vm
