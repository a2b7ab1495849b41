package vm

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Filter is one key=value of list and lookup.
type Filter struct {
	Key   string
	value string         // matched whole
	re    *regexp.Regexp // instead of value
}

// ParseFilters reads key=value words; kind is "filter" or "lookup", for
// messages.
func ParseFilters(words []string, kind string) ([]Filter, error) {
	filters := make([]Filter, 0, len(words))
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not of the form key=value", word)
		}
		if !isKey(key, true) {
			return nil, worded("Invalid %s key: %q", kind, key)
		}
		f, err := newFilter(key, value)
		if err != nil {
			return nil, err
		}
		filters = append(filters, f)
	}
	return filters, nil
}

func newFilter(key, value string) (Filter, error) {
	f := Filter{Key: key, value: value}
	if pattern, ok := strings.CutPrefix(value, "~"); ok {
		re, err := regexp.Compile("(?i)" + pattern)
		if err != nil {
			return f, worded("Invalid regular expression for %s: %w", key, err)
		}
		f.re = re
	} else if strings.HasSuffix(key, ".mac") {
		if mac, err := parseMAC(value); err == nil {
			f.value = mac.String()
		}
	}
	return f, nil
}

// isKey reports whether a key names something that lists can show or (with
// wildcards) match: a column, nics.N.member, disks.N.member, or a member of
// tags and metadata.
func isKey(key string, wildcards bool) bool {
	head, rest, dotted := strings.Cut(key, ".")
	if !dotted {
		row, ok := Lookup(key)
		return ok && row.Width > 0
	}
	switch head {
	case "tags", "customer_metadata", "internal_metadata":
		return rest != ""
	case "nics", "disks":
		index, member, _ := strings.Cut(rest, ".")
		_, known := Lookup(head + ".*." + member)
		return known && (wildcards && index == "*" || isIndex(index))
	}
	return false
}

func isIndex(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && strconv.Itoa(n) == s
}

// Matches reports whether all filters match the machine.
func (m *Machine) Matches(filters []Filter) (bool, error) {
	for i := range filters {
		ok, err := filters[i].matches(m)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (f *Filter) matches(m *Machine) (bool, error) {
	values, err := m.values(f.Key)
	if err != nil {
		return false, err
	}
	for _, value := range values {
		if value == nil {
			continue
		}
		text := Text(value)
		if f.re != nil && f.re.MatchString(text) || f.re == nil && text == f.value {
			return true, nil
		}
	}
	return false, nil
}

// values are what a key stands for: several with a wildcard.
func (m *Machine) values(key string) ([]any, error) {
	head, rest, dotted := strings.Cut(key, ".")
	value, err := m.Value(head)
	if err != nil {
		return nil, err
	}
	if !dotted {
		return []any{shown(head, value)}, nil
	}
	switch v := value.(type) {
	case flat:
		return []any{v[rest]}, nil
	case []Object:
		index, member, _ := strings.Cut(rest, ".")
		return members(v, index, member), nil
	}
	return nil, nil
}

func members(list []Object, index, member string) []any {
	if index != "*" {
		n, err := strconv.Atoi(index)
		if err != nil || n < 0 || n >= len(list) {
			return nil
		}
		return []any{list[n].Get(member)}
	}
	values := make([]any, len(list))
	for i := range list {
		values[i] = list[i].Get(member)
	}
	return values
}

// Field is the one value of a key without wildcard.
func (m *Machine) Field(key string) (any, error) {
	values, err := m.values(key)
	if err != nil || len(values) == 0 {
		return nil, err
	}
	return values[0], nil
}

// Text is a value as lists print it.
func Text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []string:
		return strings.Join(v, ",")
	}
	return fmt.Sprint(value)
}
