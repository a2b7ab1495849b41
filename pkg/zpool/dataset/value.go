package dataset

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CheckSet normalises a value that is about to be set on a dataset of type t
// and says why it cannot be: the value to store, in parsable form.
func CheckSet(name, value string, t Type, creating bool) (prop, stored string, err error) {
	if IsUser(name) {
		if len(value) > 8191 {
			return "", "", As(ErrProperty, "property '%s' is too long", name)
		}
		return name, value, CheckUserName(name)
	}
	p := Lookup(name)
	if p == nil || p.Hidden {
		return "", "", As(ErrProperty, "invalid property '%s'", name)
	}
	switch {
	case p.Change == ReadOnly:
		return "", "", As(ErrProperty, "'%s' is readonly", p.Name)
	case t == Snapshot:
		return "", "", As(ErrProperty, "this property can not be modified for snapshots")
	case !p.Has(t):
		return "", "", As(ErrProperty, "'%s' does not apply to datasets of this type", p.Name)
	case p.Change == AtCreate && !creating:
		return "", "", As(ErrProperty, "'%s' is readonly", p.Name)
	}
	stored, err = p.parse(value)
	if err == nil && p.Effect == Fixed && stored != p.Default {
		err = As(ErrUnsupported, "'%s=%s' is %v", p.Name, value, ErrUnsupported)
	}
	return p.Name, stored, err
}

func (p *Property) parse(value string) (string, error) {
	switch p.Kind {
	case Index:
		if !slices.Contains(p.Values, value) {
			return "", As(ErrProperty, "'%s' must be one of '%s'", p.Name, strings.Join(p.Values, " | "))
		}
		if p.Name == "acltype" && value == "posixacl" {
			value = "posix"
		}
	case Bytes:
		return p.parseBytes(value)
	case Count:
		return p.parseCount(value)
	case Text:
		if p.Name == "mountpoint" {
			return parseMountpoint(value)
		}
	}
	return value, nil
}

func (p *Property) parseBytes(value string) (string, error) {
	if p.None != "" && (value == p.None || p.Name == "refreservation" && value == "auto") {
		return strings.Replace(value, "none", "0", 1), nil
	}
	n, err := ParseSize(value)
	if err != nil {
		return "", err
	}
	switch p.Name {
	case "recordsize", "volblocksize":
		if n < 512 || n > 16<<20 || n&(n-1) != 0 {
			return "", As(ErrProperty, "'%s' must be power of 2 from 512B to 16M", p.Name)
		}
	case "volsize":
		if n <= 0 {
			return "", As(ErrProperty, "'volsize' cannot be zero")
		}
	}
	return strconv.FormatInt(n, 10), nil
}

func (p *Property) parseCount(value string) (string, error) {
	if value == p.None && value != "" {
		return value, nil
	}
	n, err := strconv.ParseUint(value, 10, 63)
	if err != nil {
		return "", As(ErrProperty, "bad numeric value '%s'", value)
	}
	return strconv.FormatUint(n, 10), nil
}

func parseMountpoint(value string) (string, error) {
	if value == "none" || value == "legacy" {
		return value, nil
	}
	if !filepath.IsAbs(value) {
		return "", As(ErrProperty, "'mountpoint' must be an absolute path, 'none', or 'legacy'")
	}
	if strings.ContainsAny(value, "\x00\n") || len(value) > 4000 {
		return "", As(ErrProperty, "'mountpoint' is no path that can be mounted on")
	}
	return filepath.Clean(value), nil
}

// Human words a parsable value for people.
func (p *Property) Human(value string) string {
	if value == "-" || value == "" {
		return "-"
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case p.Kind == Ratio:
		return value + "x"
	case err != nil:
		return value
	case p.None != "" && n == 0 && p.Kind == Bytes:
		return p.None
	case p.Kind == Bytes:
		return HumanSize(n)
	case p.Kind == Date:
		t := time.Unix(n, 0)
		return fmt.Sprintf("%s %2d:%02d %d", t.Format("Mon Jan _2"), t.Hour(), t.Minute(), t.Year())
	}
	return value
}
