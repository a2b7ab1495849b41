package strictjson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
)

// value decodes what stands here into v.
func (d *decoder) value(v reflect.Value) error {
	if d.i >= len(d.s) {
		return d.unexpected("a value")
	}
	if d.s[d.i] == 'n' && d.literal("null") {
		v.SetZero()
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return d.value(v.Elem())
	case reflect.Interface:
		return d.untyped(v)
	}
	if t := v.Type(); t.PkgPath() != "" { // the language's own types have no methods
		if custom := shapeOf(t).custom; custom != plain {
			return d.custom(v, custom)
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		return d.object(v, d.fields)
	case reflect.Map:
		return d.object(v, d.entries)
	case reflect.Slice:
		return d.array(v)
	}
	return d.scalar(v)
}

func (d *decoder) untyped(v reflect.Value) error {
	if v.NumMethod() > 0 {
		return d.fail("no value can be decoded into a %s", v.Type())
	}
	var to reflect.Value
	switch c := d.s[d.i]; {
	case c == '{':
		to = reflect.ValueOf(new(map[string]any))
	case c == '[':
		to = reflect.ValueOf(new([]any))
	case c == '"':
		to = reflect.ValueOf(new(string))
	case c == 't' || c == 'f':
		to = reflect.ValueOf(new(bool))
	case c == '-' || c >= '0' && c <= '9':
		to = reflect.ValueOf(new(json.Number))
	default:
		return d.unexpected("a value")
	}
	if err := d.value(to.Elem()); err != nil {
		return err
	}
	v.Set(to.Elem())
	return nil
}

func (d *decoder) scalar(v reflect.Value) error {
	start := d.i
	switch v.Kind() {
	case reflect.String:
		if v.Type() == numberType {
			text, err := d.number()
			v.SetString(text)
			return err
		}
		text, err := d.str("a string")
		v.SetString(text)
		return err
	case reflect.Bool:
		return d.boolean(v)
	}
	text, err := d.number()
	if err != nil {
		return err
	}
	if err := setNumber(v, text); err != nil {
		return d.failAt(start, "%s is no %s", text, v.Type())
	}
	return nil
}

func (d *decoder) boolean(v reflect.Value) error {
	switch {
	case d.literal("true"):
		v.SetBool(true)
	case d.literal("false"):
		v.SetBool(false)
	default:
		return d.unexpected("true or false")
	}
	return nil
}

func setNumber(v reflect.Value, text string) error {
	switch bits := v.Type().Bits; v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, bits())
		v.SetInt(n)
		return err
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, bits())
		v.SetUint(n)
		return err
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(text, bits())
		v.SetFloat(n)
		return err
	}
	return strconv.ErrSyntax
}

func (d *decoder) custom(v reflect.Value, how customKind) error {
	start := d.i
	if how == byText {
		text, err := d.str("a string")
		if err != nil {
			return err
		}
		if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			return d.failAt(start, "%v", err)
		}
		return nil
	}
	var checked any // the type's own decoder may be lax
	if err := d.untyped(reflect.ValueOf(&checked).Elem()); err != nil {
		return err
	}
	if err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON([]byte(d.s[start:d.i])); err != nil {
		return d.failAt(start, "%v", err)
	}
	return nil
}
