// Package ztree turns the objects of a ZFS send stream into the files of a
// btrfs subvolume, and back.
//
// A Sink is where a stream is received: file content goes straight into inodes
// of the subvolume, everything else (descriptions of objects, directories as
// ZFS stores them, values of attributes) into two files beside it, which the
// next incremental stream starts from. Inodes keep their numbers in snapshots,
// so an object is found again by inode, and only what changed is touched.
//
// The package works below one directory that nobody else can reach: every name
// is one checked path element, no symbolic link is followed. It knows no
// dataset, takes no lock and shows nothing: who opened the Sink decides whether
// what it made is kept.
package ztree
