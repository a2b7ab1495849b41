// Package media writes a platform image in the forms that machines boot from: a
// hybrid ISO (BIOS and UEFI, as a CD and as a stick), a USB disk image (GPT, an
// EFI system partition, a unified kernel image) and a directory for PXE. The
// file systems are written by code of its own, a few hundred lines, since what
// is needed is little and the same input must give the same bytes; it reads
// none of them.
//
// What is not made here are the programs that firmware starts; Blobs names
// them and the Debian packages that they come from.
package media
