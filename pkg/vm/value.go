package vm

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// coerce returns a payload's value as its type has it: string, int64, bool,
// []string, map[string]any or []any; nil for one that is unset. The forms that
// people write are accepted: numbers in quotes, "true", lists with commas.
func (p *Property) coerce(value any) (any, error) {
	switch p.Type {
	case String:
		return p.coerceString(value)
	case Integer:
		return p.coerceInteger(value)
	case Boolean:
		return coerceBoolean(value)
	case List:
		return coerceList(value)
	case FlatObject:
		return coerceFlat(value)
	case ObjectArray:
		return coerceObjects(value)
	case UUID:
		return coerceUUID(value)
	case Pool:
		if s, ok := value.(string); ok && s != "" {
			return s, nil
		}
		return nil, fmt.Errorf("%s is not the name of a pool", show(value))
	}
	return nil, fmt.Errorf("property of unknown type %q", p.Type)
}

func (p *Property) coerceString(value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		if p.MaxLen > 0 && len(v) > p.MaxLen {
			return nil, fmt.Errorf("is longer than %d characters", p.MaxLen)
		}
		return v, nil
	}
	return nil, fmt.Errorf("%s is not a string", show(value))
}

func (p *Property) coerceInteger(value any) (any, error) {
	n, err := integer(value)
	switch {
	case errors.Is(err, errUnset):
		return nil, nil
	case err != nil:
		return nil, err
	case p.Min != nil && n < *p.Min:
		return nil, fmt.Errorf("%d is below %d", n, *p.Min)
	case p.Max != nil && n > *p.Max:
		return nil, fmt.Errorf("%d is above %d", n, *p.Max)
	}
	return n, nil
}

var errUnset = errors.New("unset")

func integer(value any) (int64, error) {
	switch v := value.(type) {
	case nil:
		return 0, errUnset
	case int64:
		return v, nil
	case float64:
		return whole(v, value)
	case json.Number:
		return integerText(v.String(), value)
	case string:
		if strings.TrimSpace(v) == "" {
			return 0, errUnset
		}
		return integerText(strings.TrimSpace(v), value)
	}
	return 0, fmt.Errorf("%s is not an integer", show(value))
}

func integerText(text string, value any) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not an integer", show(value))
	}
	return whole(f, value)
}

func whole(f float64, value any) (int64, error) {
	if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, fmt.Errorf("%s is not an integer", show(value))
	}
	return int64(f), nil
}

func coerceBoolean(value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case bool:
		return v, nil
	case string:
		switch v {
		case "":
			return nil, nil
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
	default:
		if n, err := integer(value); err == nil && (n == 0 || n == 1) {
			return n == 1, nil
		}
	}
	return nil, fmt.Errorf("%s is neither true nor false", show(value))
}

func coerceList(value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return []string{}, nil
	case string:
		if v == "" {
			return []string{}, nil
		}
		return strings.Split(v, ","), nil
	case []string:
		return v, nil
	case []any:
		list := make([]string, 0, len(v))
		for _, item := range v {
			s, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("%s in the list is not a string", show(item))
			}
			if strings.Contains(s, ",") {
				return nil, fmt.Errorf("%s in the list has a comma", show(item))
			}
			list = append(list, s)
		}
		return list, nil
	}
	return nil, fmt.Errorf("%s is not a list", show(value))
}

func coerceFlat(value any) (any, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is not an object", show(value))
	}
	flat := make(map[string]any, len(object))
	for key, v := range object {
		switch v := v.(type) {
		case string, bool, int64, float64:
			flat[key] = v
		case json.Number:
			flat[key] = number(v)
		default:
			return nil, fmt.Errorf("%q is neither a string nor a number nor true or false", key)
		}
	}
	return flat, nil
}

// number keeps a JSON number as it will be written again.
func number(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	if f, err := n.Float64(); err == nil {
		return f
	}
	return n.String()
}

func coerceObjects(value any) (any, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is not an array", show(value))
	}
	for i, item := range list {
		if _, ok := item.(map[string]any); !ok {
			return nil, fmt.Errorf("element %d, %s, is not an object", i, show(item))
		}
	}
	return list, nil
}

func coerceUUID(value any) (any, error) {
	s, ok := value.(string)
	if !ok || !IsUUID(s) {
		return nil, fmt.Errorf("%s is not a UUID in lower case", show(value))
	}
	return s, nil
}

// IsUUID reports whether s is a UUID as machines are named: lower case, dashes
// in place.
func IsUUID(s string) bool {
	if !UUIDShaped(s) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// UUIDShaped reports whether s has the length and the dashes of a UUID.
func UUIDShaped(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') {
			return false
		}
	}
	return true
}

// show is a value as a message quotes it, never longer than a line.
func show(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("%T", value)
	}
	const most = 60
	if len(text) > most {
		return string(text[:most]) + "..."
	}
	return string(text)
}
