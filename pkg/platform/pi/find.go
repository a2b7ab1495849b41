package pi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/platform"
	"github.com/smartbox-os/smartbox/pkg/platform/media"
)

// Words that stand for a source.
const (
	Latest = "latest" // the newest image of the repository
	Media  = "media"  // a CD or stick that the machine has
)

// Errors of words that stand for a source.
var (
	ErrNoRepository = errors.New("no repository of platform images is configured")
	errNoMedium     = errors.New("no CD or stick with a platform image is found")
)

// Find opens the source that a user names: an image's stamp or "latest", which
// the repository at the address base has; "media"; or what OpenSource knows.
func Find(ctx context.Context, where, base string) (Source, error) {
	switch {
	case where == Media:
		return findMedium("/")
	case where == Latest:
		if base == "" {
			return nil, ErrNoRepository
		}
		all, err := Available(ctx, base)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("%s: has no images", base)
		}
		return OpenSource(ctx, strings.TrimSuffix(base, "/")+"/"+all[0])
	case platform.CheckStamp(where) == nil:
		if base == "" {
			return nil, ErrNoRepository
		}
		return OpenSource(ctx, strings.TrimSuffix(base, "/")+"/"+where)
	}
	return OpenSource(ctx, where)
}

// findMedium is the first block device below root/sys/class/block that holds an
// ISO image with a platform image: a CD, or a stick that one was written to.
func findMedium(root string) (Source, error) {
	all, err := filepath.Glob(filepath.Join(root, "sys/class/block/*"))
	if err != nil {
		return nil, err
	}
	for _, entry := range all {
		name := filepath.Base(entry)
		if strings.HasPrefix(name, "loop") || strings.HasPrefix(name, "ram") {
			continue
		}
		f, err := os.Open(filepath.Join(root, "dev", name))
		if err != nil {
			continue // a drive without a disc
		}
		if iso, err := media.ReadISO(f); err == nil && iso.Has("platform/"+platform.ManifestFile) {
			return &isoSource{f, iso}, nil
		}
		f.Close()
	}
	return nil, errNoMedium
}

// remoteISO is an ISO image at an address: it is fetched into a file, for it
// must be read from here and there.
func remoteISO(ctx context.Context, where string) (Source, error) {
	u, err := url.Parse(where)
	if err != nil {
		return nil, err
	}
	name := path.Base(u.Path)
	dir, _ := strings.CutSuffix(where, "/"+name)
	r, err := (&remote{dir}).Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f, err := os.CreateTemp("", "platform-*.iso")
	if err != nil {
		return nil, err
	}
	// Nobody else needs its name.
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.ReadFrom(r); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", where, err), f.Close())
	}
	iso, err := media.ReadISO(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", where, err), f.Close())
	}
	return &isoSource{f, iso}, nil
}
