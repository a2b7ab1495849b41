package strictjson

import (
	"errors"
	"reflect"
)

// member decodes the value of one key of an object.
type member func(key string) error

func (d *decoder) enter() error {
	if len(d.path) == MaxDepth {
		return d.fail("nested more than %d deep", MaxDepth)
	}
	d.path = append(d.path, between)
	return nil
}

func (d *decoder) leave() { d.path = d.path[:len(d.path)-1] }

// at says which part of the innermost array or object is being read.
func (d *decoder) at(s step) { d.path[len(d.path)-1] = s }

// object reads an object; open prepares v and returns what takes its members.
func (d *decoder) object(v reflect.Value, open func(reflect.Value) (member, error)) error {
	if d.s[d.i] != '{' {
		return d.unexpected("an object")
	}
	take, err := open(v)
	if err != nil {
		return err
	}
	if err := d.enter(); err != nil {
		return err
	}
	d.i++
	if !d.next('}') {
		if err := d.members(take); err != nil {
			return err
		}
	}
	d.leave()
	return nil
}

func (d *decoder) members(take member) error {
	for {
		d.space()
		d.at(between)
		start := d.i
		key, err := d.str("a key in quotes")
		if err != nil {
			return err
		}
		d.at(step{key: key})
		if !d.next(':') {
			return d.unexpected("a colon")
		}
		d.space()
		if err := d.take(take, start, key); err != nil {
			return err
		}
		if d.next('}') {
			return nil
		}
		if !d.next(',') {
			return d.unexpected("a comma or the object's end")
		}
	}
}

// take calls a member's decoder; a keyError is about the key, which starts at
// start.
func (d *decoder) take(take member, start int, key string) error {
	err := take(key)
	if err == nil {
		return nil
	}
	if reason, ok := errors.AsType[keyError](err); ok {
		return d.failAt(start, "%s", string(reason))
	}
	return err
}

type keyError string

func (e keyError) Error() string { return string(e) }

const duplicate = keyError("this key is there twice")

func (d *decoder) fields(v reflect.Value) (member, error) {
	t := shapeOf(v.Type())
	if len(t.names) > 64 {
		return nil, d.fail("%s has more than 64 fields", v.Type())
	}
	var seen uint64
	guess := 0
	return func(key string) error {
		i := t.index(key, guess)
		if i < 0 {
			return t.unknown(key)
		}
		if seen&(1<<i) != 0 {
			return duplicate
		}
		seen |= 1 << i
		guess = i + 1
		return d.value(v.Field(t.at[i]))
	}, nil
}

func (d *decoder) entries(v reflect.Value) (member, error) {
	if v.Type().Key().Kind() != reflect.String {
		return nil, d.fail("no object can be decoded into a %s", v.Type())
	}
	if m, ok := reflect.TypeAssert[*map[string]string](v.Addr()); ok {
		*m = map[string]string{}
		return d.texts(*m), nil
	}
	m := reflect.MakeMap(v.Type())
	v.Set(m)
	return func(key string) error {
		k := reflect.ValueOf(key).Convert(m.Type().Key())
		if m.MapIndex(k).IsValid() {
			return duplicate
		}
		to := reflect.New(m.Type().Elem()).Elem()
		err := d.value(to)
		m.SetMapIndex(k, to)
		return err
	}, nil
}

// texts is entries without reflection, for the most frequent map.
func (d *decoder) texts(m map[string]string) member {
	return func(key string) error {
		if _, ok := m[key]; ok {
			return duplicate
		}
		if d.literal("null") {
			m[key] = ""
			return nil
		}
		text, err := d.str("a string")
		m[key] = text
		return err
	}
}

func (d *decoder) array(v reflect.Value) error {
	if d.s[d.i] != '[' {
		return d.unexpected("an array")
	}
	if err := d.enter(); err != nil {
		return err
	}
	d.i++
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	if !d.next(']') {
		if err := d.elements(v); err != nil {
			return err
		}
	}
	d.leave()
	return nil
}

func (d *decoder) elements(v reflect.Value) error {
	for n := 0; ; n++ {
		d.at(step{index: n})
		if n == v.Cap() {
			v.Grow(max(n, 4))
		}
		v.SetLen(n + 1)
		v.Index(n).SetZero()
		d.space()
		if err := d.value(v.Index(n)); err != nil {
			return err
		}
		if d.next(']') {
			return nil
		}
		if !d.next(',') {
			return d.unexpected("a comma or the array's end")
		}
	}
}
