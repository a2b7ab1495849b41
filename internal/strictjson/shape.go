package strictjson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// shape is what decoding needs to know of a named type.
type shape struct {
	custom customKind
	names  []string // keys of a struct, in order
	at     []int    // and the fields they belong to
}

// customKind is how a type wants to be decoded.
type customKind int

const (
	plain customKind = iota
	byJSON
	byText
)

var (
	numberType = reflect.TypeFor[json.Number]()
	jsonType   = reflect.TypeFor[json.Unmarshaler]()
	textType   = reflect.TypeFor[encoding.TextUnmarshaler]()
	shapes     sync.Map // reflect.Type -> *shape
)

func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := &shape{custom: customOf(t)}
	if t.Kind() == reflect.Struct {
		s.fields(t)
	}
	shapes.Store(t, s)
	return s
}

func customOf(t reflect.Type) customKind {
	switch p := reflect.PointerTo(t); {
	case p.Implements(jsonType):
		return byJSON
	case p.Implements(textType):
		return byText
	}
	return plain
}

func (s *shape) fields(t reflect.Type) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = field.Name
		}
		s.names, s.at = append(s.names, name), append(s.at, i)
	}
}

// index finds a key, looking first at guess: where it is when the object was
// written in the order of the struct.
func (s *shape) index(key string, guess int) int {
	for i := range s.names {
		if j := (guess + i) % len(s.names); s.names[j] == key {
			return j
		}
	}
	return -1
}

func (s *shape) unknown(key string) error {
	for _, name := range s.names {
		if strings.EqualFold(name, key) {
			return keyError("unknown key; it is spelled \"" + name + "\"")
		}
	}
	return keyError("unknown key")
}
