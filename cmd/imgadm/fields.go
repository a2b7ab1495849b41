package imgadm

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/img"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// item is one image of a list, installed or available.
type item struct {
	m      *manifest.Manifest
	source string
	pool   string
	clones string // "" where it has no meaning
}

func fromImage(i *img.Image) item {
	return item{m: i.Manifest, source: i.Source, pool: i.Pool, clones: strconv.Itoa(i.Clones)}
}

// computed are the fields that no manifest holds.
func (i item) computed(name string) (value string, known bool) {
	switch name {
	case "published":
		return seconds(i.m.PublishedAt), true
	case "published_date", "pub":
		return i.m.PublishedAt[:min(10, len(i.m.PublishedAt))], true
	case "source":
		return i.source, true
	case "zpool":
		return i.pool, true
	case "clones":
		return i.clones, true
	case "size":
		if f, ok := i.m.File(); ok {
			return strconv.FormatInt(f.Size, 10), true
		}
		return "", true
	}
	return "", false
}

// seconds drops the milliseconds of a time.
func seconds(at string) string {
	if stem, frac, ok := strings.Cut(at, "."); ok && strings.HasSuffix(frac, "Z") {
		return stem + "Z"
	}
	return at
}

// field is a field as text, false when the image does not have it. Names with
// dots look into members.
func (i item) field(name string) (string, bool) {
	if v, known := i.computed(name); known {
		return v, v != ""
	}
	v, ok := i.m.Lookup(name)
	if !ok {
		return "", false
	}
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	text, err := json.Marshal(v)
	return string(text), err == nil
}

// printable keeps what a manifest's author wrote from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' {
			return '?'
		}
		return r
	}, s)
}
