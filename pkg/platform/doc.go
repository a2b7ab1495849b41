// Package platform makes the in-memory system: an image of a distribution's
// kernel and an initramfs whose /init is smartbox itself, with exactly the
// modules that are wanted, a stamp and a signed manifest. The test guest
// (package testguest) is the same image with another payload.
//
//	kernel/     reads kernels and what their modules need
//	cpio/       writes the initramfs
//	media/      writes images to disks, ISO files and network directories
//	kmod/       loads modules in the running system
//	pid1/       is the running system's init, live/ what it starts
//	syslog/     keeps what programs and the kernel say
//	pi/         keeps images on the pool and decides which one runs
//	esp/        makes a pool's disk boot by itself
//	testguest/  runs Go tests in a virtual machine made of all this
//
// The same inputs give the same bytes. Nothing here knows a command line.
package platform
