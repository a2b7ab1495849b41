// Package zstream reads ZFS send streams in pure Go, so that a host without
// ZFS can receive what `zfs send` wrote.
//
// Reader is the record layer: it frames records, verifies checksums before
// data is handed out, decompresses payloads and refuses what it does not know
// by name. Receiver is the object layer: it keeps the objects of one dataset
// across a full stream and its incrementals, puts their content in a Store,
// and walks the finished tree of names.
//
// The package never touches the kernel, opens no file and runs no command: a
// Store and the caller's walk decide where content and names go. Nothing of a
// stream may be shown before Receiver.Apply returned without an error.
package zstream
