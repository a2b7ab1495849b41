package vm

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/internal/strictjson"
)

// Payload is what create, update and validate are given: property names and
// values. After settle the values have the types of the table.
type Payload map[string]any

// MaxPayload is how many bytes a payload may have.
const MaxPayload = 16 << 20

// ReadPayload reads one JSON object.
func ReadPayload(r io.Reader) (Payload, error) {
	data, err := strictjson.Read(r, MaxPayload)
	if err != nil {
		return nil, worded("Invalid JSON payload: %w", err)
	}
	return ParsePayload(data)
}

// ParsePayload decodes one JSON object. Properties in the wrong case are
// errors, since dropping what was meant serves nobody.
func ParsePayload(data []byte) (Payload, error) {
	var p map[string]any
	if err := strictjson.Unmarshal(data, &p); err != nil {
		return nil, worded("Invalid JSON payload: %w", err)
	}
	if p == nil {
		return nil, worded("Invalid JSON payload: null is not an object")
	}
	if wrong := wrongCase(p); len(wrong) > 0 {
		return nil, worded("Invalid JSON payload: properties are in lower case: %s", strings.Join(wrong, ", "))
	}
	return p, nil
}

func wrongCase(p map[string]any) []string {
	var wrong []string
	for _, key := range slices.Sorted(maps.Keys(p)) {
		lower := strings.ToLower(key)
		row, known := Lookup(lower)
		if !known {
			continue
		}
		if key != lower {
			wrong = append(wrong, fmt.Sprintf("%q is %s", key, lower))
		}
		if list, ok := p[key].([]any); ok && row.Type == ObjectArray {
			wrong = append(wrong, wrongMembers(lower, list)...)
		}
	}
	return wrong
}

func wrongMembers(name string, list []any) []string {
	var wrong []string
	base, _ := elementOf(name)
	for _, item := range list {
		object, _ := item.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(object)) {
			lower := strings.ToLower(key)
			if _, known := Lookup(base + ".*." + lower); known && key != lower {
				wrong = append(wrong, fmt.Sprintf("%q is %s", name+".*."+key, lower))
			}
		}
	}
	return wrong
}

// Assignments makes an update's payload of key=value words.
func Assignments(words []string) (Payload, error) {
	p := make(Payload)
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q is not of the form property=value", word)
		}
		if row, known := Lookup(key); !known || strings.Contains(key, ".") || row.Use == "" {
			return nil, fmt.Errorf("%q is not a property; parts of others are changed by a JSON payload", key)
		}
		p[key] = value
	}
	return p, nil
}

// settle gives every value the type of the table, elements too, and drops what
// is not for the action; the names dropped are returned. The payload must have
// passed Validate without bad values.
func (p Payload) settle(action Action, brand string) (Payload, []string, error) {
	settled := make(Payload, len(p))
	var dropped []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		row, ok := Lookup(name)
		if !ok || strings.Contains(name, ".") || !row.Allows(brand, action) {
			dropped = append(dropped, name)
			continue
		}
		value, err := row.coerce(p[name])
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		if row.Type == ObjectArray {
			var away []string
			value, away, err = settleElements(name, value.([]any), brand)
			if err != nil {
				return nil, nil, err
			}
			dropped = append(dropped, away...)
		}
		settled[name] = value
	}
	return settled, slices.Compact(dropped), nil
}

func settleElements(name string, list []any, brand string) ([]any, []string, error) {
	base, action := elementOf(name)
	out := make([]any, len(list))
	var dropped []string
	for i, item := range list {
		object := make(map[string]any)
		for _, member := range slices.Sorted(maps.Keys(item.(map[string]any))) {
			full := base + ".*." + member
			row, ok := Lookup(full)
			if !ok || !row.Allows(brand, action) {
				dropped = append(dropped, full)
				continue
			}
			value, err := row.coerce(item.(map[string]any)[member])
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", full, err)
			}
			object[member] = value
		}
		out[i] = object
	}
	return out, dropped, nil
}

func (p Payload) str(name string) string    { s, _ := p[name].(string); return s }
func (p Payload) truth(name string) bool    { b, _ := p[name].(bool); return b }
func (p Payload) list(name string) []string { l, _ := p[name].([]string); return l }

// num is an integer property and whether it is there and set.
func (p Payload) num(name string) (int64, bool) { n, ok := p[name].(int64); return n, ok }

// objects are the elements of an object array.
func (p Payload) objects(name string) []map[string]any {
	list, _ := p[name].([]any)
	out := make([]map[string]any, len(list))
	for i := range list {
		out[i], _ = list[i].(map[string]any)
	}
	return out
}

// fallback sets a property that is missing or unset.
func (p Payload) fallback(name string, value any) {
	if p[name] == nil {
		p[name] = value
	}
}
