package media

import (
	"errors"
	"fmt"
	"os"
)

// Blobs are the foreign programs that firmware starts first.
type Blobs struct {
	Stub      string // makes an EFI program of a kernel (systemd-boot-efi)
	Isolinux  string // starts a kernel from a CD on a BIOS (isolinux)
	Isohybrid string // starts isolinux from a stick (isolinux)
	Ldlinux   string // isolinux's second part (syslinux-common)
}

// DebianBlobs is where Debian has them.
var DebianBlobs = Blobs{
	Stub:      "/usr/lib/systemd/boot/efi/linuxx64.efi.stub",
	Isolinux:  "/usr/lib/ISOLINUX/isolinux.bin",
	Isohybrid: "/usr/lib/ISOLINUX/isohdpfx.bin",
	Ldlinux:   "/usr/lib/syslinux/modules/bios/ldlinux.c32",
}

// Check says which are missing and what to install.
func (b Blobs) Check() error {
	var errs []error
	for _, need := range [][2]string{
		{b.Stub, "systemd-boot-efi"}, {b.Isolinux, "isolinux"}, {b.Isohybrid, "isolinux"}, {b.Ldlinux, "syslinux-common"},
	} {
		if _, err := os.Stat(need[0]); err != nil {
			errs = append(errs, fmt.Errorf("%s is missing (package %s)", need[0], need[1]))
		}
	}
	return errors.Join(errs...)
}
