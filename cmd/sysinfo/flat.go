package sysinfo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/smartbox-os/smartbox/internal/cli"
)

// printFlat prints JSON as lines that a shell can evaluate: the names on the
// way joined by underscores, the value quoted where it must be.
func printFlat(env *cli.Env, data []byte) error {
	var b strings.Builder
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	if err := flatten(&b, in, ""); err != nil {
		return err
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}

// flatten walks the tokens, since they have the order of the output.
func flatten(b *strings.Builder, in *json.Decoder, name string) error {
	token, err := in.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		for in.More() {
			key, err := in.Token()
			if err != nil {
				return err
			}
			if err := flatten(b, in, join(name, fmt.Sprint(key))); err != nil {
				return err
			}
		}
		_, err := in.Token()
		return err
	case json.Delim('['):
		var list []string
		for in.More() {
			item, err := in.Token()
			if err != nil {
				return err
			}
			list = append(list, fmt.Sprint(item))
		}
		if _, err := in.Token(); err != nil {
			return err
		}
		token = strings.Join(list, ",")
	}
	fmt.Fprintf(b, "%s=%s\n", name, quote(fmt.Sprint(token)))
	return nil
}

// join makes a shell variable's name.
func join(name, key string) string {
	word := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		}
		return '_'
	}, key)
	if name == "" {
		return word
	}
	return name + "_" + word
}

func quote(s string) string {
	plain := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-./:,+@%", r))
	}
	if !strings.ContainsFunc(s, plain) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
