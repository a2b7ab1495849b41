// Package esp makes a pool's disk one that UEFI boots by itself: it divides a
// disk into an EFI system partition and one for the pool, and puts the loader
// there, which is a platform image as one EFI program. That finds the pool and
// enters the image that is active there, as an image from any medium does.
//
// The package knows neither pools nor which image is the right one.
package esp
