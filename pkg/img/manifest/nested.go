package manifest

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

func readFiles(m *Manifest, raw json.RawMessage) string {
	var files []json.RawMessage
	if json.Unmarshal(raw, &files) != nil {
		return "must be an array"
	}
	if len(files) > 1 {
		return fmt.Sprintf("has %d entries, at most one is allowed", len(files))
	}
	for _, f := range files {
		file, msg := readFile(f)
		if msg != "" {
			return "[0]: " + msg
		}
		m.Files = []File{file}
	}
	return ""
}

func readFile(raw json.RawMessage) (File, string) {
	var f struct {
		File
		Size *json.Number `json:"size"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return File{}, "has members of the wrong type"
	}
	if f.Size == nil {
		return File{}, "size is missing"
	}
	size, err := f.Size.Int64()
	if err != nil || size < 0 || size > MaxFileSize {
		return File{}, fmt.Sprintf("size %s is not between 0 and %d (20 GiB)", f.Size, int64(MaxFileSize))
	}
	f.File.Size = size
	switch {
	case f.SHA1 == "" && f.SHA256 == "":
		return File{}, "sha1 is missing"
	case f.SHA1 != "" && !isHex(f.SHA1, 40):
		return File{}, "sha1 is not 40 lower-case hex digits"
	case f.SHA256 != "" && !isHex(f.SHA256, 64):
		return File{}, "sha256 is not 64 lower-case hex digits"
	}
	if f.Compression != "" {
		if msg := oneOf(compression)(f.Compression); msg != "" {
			return File{}, "compression " + msg
		}
	}
	return f.File, ""
}

func isHex(s string, length int) bool {
	return len(s) == length && strings.Trim(s, "0123456789abcdef") == ""
}

// readRequirements refuses names that it does not know: a requirement that
// nobody checks is not met.
func readRequirements(m *Manifest, raw json.RawMessage) string {
	members, err := readObject(raw)
	if err != nil {
		return "must be an object"
	}
	var bad []string
	for _, f := range members {
		if msg := readRequirement(&m.Requirements, f); msg != "" {
			bad = append(bad, f.key+": "+msg)
		}
	}
	if r := m.Requirements; r.MinRAM > 0 && r.MaxRAM > 0 && r.MinRAM > r.MaxRAM {
		bad = append(bad, fmt.Sprintf("min_ram %d is above max_ram %d", r.MinRAM, r.MaxRAM))
	}
	if r := m.Requirements; r.Bootrom != "" && r.Brand != "bhyve" {
		bad = append(bad, "bootrom needs brand bhyve")
	}
	return strings.Join(bad, "; ")
}

func readRequirement(r *Requirements, f member) string {
	switch f.key {
	case "brand":
		return into(f.value, &r.Brand, "a string")
	case "min_ram":
		return mebibytes(f.value, &r.MinRAM)
	case "max_ram":
		return mebibytes(f.value, &r.MaxRAM)
	case "ssh_key":
		return into(f.value, &r.SSHKey, "true or false")
	case "networks":
		return readNetworks(r, f.value)
	case "min_platform", "max_platform":
		var platforms map[string]string
		return into(f.value, &platforms, "an object of strings")
	case "bootrom":
		if msg := into(f.value, &r.Bootrom, "a string"); msg != "" {
			return msg
		}
		return oneOf([]string{"bios", "uefi"})(r.Bootrom)
	}
	return "is not a requirement"
}

func readNetworks(r *Requirements, raw json.RawMessage) string {
	var nets []map[string]string
	if msg := into(raw, &nets, "an array of {name, description}"); msg != "" {
		return msg
	}
	for i, n := range nets {
		if _, ok := n["name"]; !ok || len(n) != 2 || !has(n, "description") {
			return fmt.Sprintf("[%d] must have exactly name and description", i)
		}
		r.Networks = append(r.Networks, Network{n["name"], n["description"]})
	}
	return ""
}

func has(m map[string]string, key string) bool { _, ok := m[key]; return ok }

func into(raw json.RawMessage, dst any, what string) string {
	if json.Unmarshal(raw, dst) != nil {
		return "must be " + what
	}
	return ""
}

func mebibytes(raw json.RawMessage, dst *int64) string {
	var n float64
	if json.Unmarshal(raw, &n) != nil || n < 0 || n > 1<<40 || n != math.Trunc(n) {
		return "must be a number of MiB, got " + brief(raw)
	}
	*dst = int64(n)
	return ""
}

func readImageSize(m *Manifest, raw json.RawMessage) string { return mebibytes(raw, &m.ImageSize) }

func readUsers(_ *Manifest, raw json.RawMessage) string {
	var users []struct{ Name *string }
	if json.Unmarshal(raw, &users) != nil {
		return "must be an array of {name}"
	}
	for i, u := range users {
		if u.Name == nil {
			return fmt.Sprintf("[%d]: name is missing", i)
		}
	}
	return ""
}

func readTraits(_ *Manifest, raw json.RawMessage) string {
	var traits map[string]any
	if msg := into(raw, &traits, "an object"); msg != "" {
		return msg
	}
	for name, v := range traits {
		switch v.(type) {
		case string, bool, []any:
		default:
			return quote(name) + " must be a string, a boolean or an array"
		}
	}
	return ""
}

func readTags(m *Manifest, raw json.RawMessage) string {
	if msg := into(raw, &m.Tags, "an object"); msg != "" {
		return msg
	}
	if len(raw) > 100<<10 {
		return "are larger than 100 KiB"
	}
	return ""
}
