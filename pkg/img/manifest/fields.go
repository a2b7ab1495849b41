package manifest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// field is one member that the format knows: how it is read into the Manifest
// and what is wrong with it ("" if nothing). One row per member, so that all
// bad ones are reported at once.
type field struct {
	name     string
	required bool // also of the smallest manifest that install takes
	read     func(m *Manifest, raw json.RawMessage) string
}

var (
	types       = []string{"zone-dataset", "lx-dataset", "zvol", "docker", "lxd", "other"}
	systems     = []string{"smartos", "linux", "windows", "bsd", "illumos", "other"}
	states      = []string{"active", "unactivated", "disabled", "creating", "failed"}
	compression = []string{"none", "gzip", "bzip2", "xz", "zstd"}
)

// fields is the format, in the order in which mistakes are reported. Limits
// are those that image servers enforce.
func fields() []field {
	return []field{
		{"v", true, version2},
		{"uuid", true, str(func(m *Manifest) *string { return &m.UUID }, checkUUID)},
		{"owner", false, str(func(m *Manifest) *string { return &m.Owner }, checkUUID)},
		{"name", true, str(func(m *Manifest) *string { return &m.Name }, checkWord(1024, "._/ -"))},
		{"version", true, str(func(m *Manifest) *string { return &m.Version }, checkWord(512, "._/+-"))},
		{"description", false, str(func(m *Manifest) *string { return &m.Description }, checkLength(10<<10))},
		{"homepage", false, str(nil, checkURL)},
		{"eula", false, str(nil, checkURL)},
		{"icon", false, boolean(nil)},
		{"state", false, str(func(m *Manifest) *string { return &m.State }, oneOf(states))},
		{"disabled", false, boolean(func(m *Manifest) *bool { return &m.Disabled })},
		{"public", false, boolean(func(m *Manifest) *bool { return &m.Public })},
		{"published_at", false, str(func(m *Manifest) *string { return &m.PublishedAt }, checkTime)},
		{"type", true, str(func(m *Manifest) *string { return &m.Type }, oneOf(types))},
		{"os", true, str(func(m *Manifest) *string { return &m.OS }, oneOf(systems))},
		{"origin", false, str(func(m *Manifest) *string { return &m.Origin }, checkUUID)},
		{"files", false, readFiles},
		{"acl", false, list(checkUUID)},
		{"requirements", false, readRequirements},
		{"users", false, readUsers},
		{"billing_tags", false, list(checkLength(128))},
		{"traits", false, readTraits},
		{"tags", false, readTags},
		{"generate_passwords", false, boolean(nil)},
		{"inherited_directories", false, list(checkLength(4096))},
		{"channels", false, list(checkLength(128))},
		{"nic_driver", false, str(func(m *Manifest) *string { return &m.NICDriver }, nil)},
		{"disk_driver", false, str(func(m *Manifest) *string { return &m.DiskDriver }, nil)},
		{"cpu_type", false, str(func(m *Manifest) *string { return &m.CPUType }, nil)},
		{"image_size", false, readImageSize},
	}
}

// fill reads the members that are there.
func (m *Manifest) fill() {
	m.errs = nil
	for _, f := range fields() {
		raw, ok := m.raw(f.name)
		if !ok || string(raw) == "null" {
			continue
		}
		if msg := f.read(m, raw); msg != "" {
			m.errs = append(m.errs, FieldError{f.name, msg})
		}
	}
}

func (m *Manifest) raw(name string) (json.RawMessage, bool) {
	i := slices.IndexFunc(m.members, func(f member) bool { return f.key == name })
	if i < 0 {
		return nil, false
	}
	return m.members[i].value, true
}

func version2(m *Manifest, raw json.RawMessage) string {
	if string(raw) == `"2"` || string(raw) == "2" {
		m.V = 2
		return ""
	}
	return "must be 2, got " + brief(raw)
}

func str(into func(*Manifest) *string, check func(string) string) func(*Manifest, json.RawMessage) string {
	return func(m *Manifest, raw json.RawMessage) string {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return "must be a string, got " + brief(raw)
		}
		if check != nil {
			if msg := check(s); msg != "" {
				return msg
			}
		}
		if into != nil {
			*into(m) = s
		}
		return ""
	}
}

// boolean takes true and "true": manifests made on command lines hold both.
func boolean(into func(*Manifest) *bool) func(*Manifest, json.RawMessage) string {
	return func(m *Manifest, raw json.RawMessage) string {
		s := strings.Trim(string(raw), `"`)
		if s != "true" && s != "false" {
			return "must be true or false, got " + brief(raw)
		}
		if into != nil {
			*into(m) = s == "true"
		}
		return ""
	}
}

func list(check func(string) string) func(*Manifest, json.RawMessage) string {
	return func(_ *Manifest, raw json.RawMessage) string {
		var items []string
		if json.Unmarshal(raw, &items) != nil {
			return "must be an array of strings"
		}
		for i, s := range items {
			if msg := check(s); msg != "" {
				return fmt.Sprintf("[%d]: %s", i, msg)
			}
		}
		return ""
	}
}

// brief is a value short enough for a message.
func brief(raw json.RawMessage) string {
	const most = 40
	if len(raw) > most {
		return fmt.Sprintf("%q...", string(raw[:most]))
	}
	return string(raw)
}
