package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

type member struct {
	key   string
	value json.RawMessage // compact
}

const maxDepth = 64

// readObject reads one JSON object in order. encoding/json alone would take
// duplicate names (the last wins) and bytes after the end.
func readObject(data []byte) ([]member, error) {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, fmt.Errorf("not JSON: NUL byte at offset %d", i)
	}
	if err := noDuplicates(data); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	var members []member
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, syntax(err)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, syntax(err)
		}
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return nil, syntax(err)
		}
		members = append(members, member{name.(string), b.Bytes()})
	}
	return members, nil
}

// noDuplicates walks all tokens, names of one object at a time.
func noDuplicates(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := walk(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("not JSON: bytes after the object's end at offset %d", dec.InputOffset())
	}
	return nil
}

func walk(dec *json.Decoder, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	t, err := dec.Token()
	if err != nil {
		return syntax(err)
	}
	d, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for dec.More() {
		if d == '{' {
			name, err := dec.Token()
			if err != nil {
				return syntax(err)
			}
			if seen[name.(string)] {
				return fmt.Errorf("the name %q is there twice", name)
			}
			seen[name.(string)] = true
		}
		if err := walk(dec, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return syntax(err)
}

func syntax(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("not JSON: it ends in the middle")
	}
	if se, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not JSON: %w at offset %d", err, se.Offset)
	}
	return fmt.Errorf("not JSON: %w", err)
}

func put(members []member, key string, raw json.RawMessage) []member {
	out := slices.Clone(members)
	for i := range out {
		if out[i].key == key {
			out[i].value = raw
			return out
		}
	}
	return append(out, member{key, raw})
}
