// Package pi keeps platform images on the pool and decides which one runs. Any
// medium boots some image; that finds the pool and, when another image is
// active there, loads and enters it without the firmware (kexec). An image that
// is entered for the first time is on trial: only when the system came up does
// it mark itself good, and if it does not, the next boot from the medium goes
// back to the image that was good before.
//
// Images lie in boot/platform-STAMP on the pool, as platform.Build made them;
// nothing is written before its signature was checked.
package pi
