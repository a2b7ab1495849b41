package vm

import (
	"errors"
	"strconv"
)

// zoneBrand is a machine that shares the host's kernel.
type zoneBrand struct {
	name, kind, link string
	images           []string
	needs            []string // required beside the image
}

func (b zoneBrand) Name() string         { return b.name }
func (b zoneBrand) Type() string         { return b.kind }
func (b zoneBrand) HVM() bool            { return false }
func (b zoneBrand) Required() []string   { return append([]string{"image_uuid"}, b.needs...) }
func (b zoneBrand) Creatable() error     { return nil }
func (b zoneBrand) ImageTypes() []string { return b.images }
func (b zoneBrand) Link(n int) string    { return b.link + strconv.Itoa(n) }
func (b zoneBrand) Overhead() int64      { return 0 }
func (b zoneBrand) InfoTypes() []string  { return nil }

// guestBrand is a machine with a kernel of its own. It has a name, so that
// payloads can be checked, and no life on this host yet.
type guestBrand struct {
	name, kind, why string
	overhead        int64
	info            []string
}

func (b guestBrand) Name() string         { return b.name }
func (b guestBrand) Type() string         { return b.kind }
func (b guestBrand) HVM() bool            { return true }
func (b guestBrand) Required() []string   { return nil }
func (b guestBrand) Creatable() error     { return errors.New(b.why) }
func (b guestBrand) ImageTypes() []string { return []string{"zvol"} }
func (b guestBrand) Link(n int) string    { return "net" + strconv.Itoa(n) }
func (b guestBrand) Overhead() int64      { return b.overhead }
func (b guestBrand) InfoTypes() []string  { return b.info }
