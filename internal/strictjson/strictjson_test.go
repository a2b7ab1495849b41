package strictjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/strictjson"
)

type nic struct {
	Physical string            `json:"physical"`
	VLAN     int               `json:"vlan-id,omitempty"`
	Props    map[string]string `json:"property,omitempty"`
}

type kind string

type machine struct {
	Name   string      `json:"zonename"`
	Kind   kind        `json:"kind"`
	On     bool        `json:"on"`
	Small  int8        `json:"small"`
	Nics   []nic       `json:"net"`
	CPU    *nic        `json:"cpu"`
	When   time.Time   `json:"when"`
	Any    any         `json:"any"`
	Number json.Number `json:"number"`
	Ratio  float64     `json:"ratio"`
	ID     uint32      `json:"id"`
	hidden int
}

func TestUnmarshal(t *testing.T) {
	const text = `{ "zonename": "a\u00e9\ud83d\ude00\n\"\\é", "kind": "k", "on": true, "small": -128,
	"net": [ {"physical":"net0","vlan-id":7,"property":{"a":"b","c":""}}, {}, null ],
	"cpu": {"physical":"x"}, "when": "2024-01-02T03:04:05Z", "number": 1e400, "ratio": -1.5E+2, "id": 4294967295,
	"any": {"a":[1,true,null,"s",{}],"b":12345678901234567890} }`
	var got, want machine
	if err := strictjson.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if got.hidden != 0 || got.Nics[1].Props != nil {
		t.Errorf("%+v", got)
	}
}

func TestUnmarshal_refuses(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for _, c := range []struct{ text, want string }{
		{`{"zonename":"a","zonename":"b"}`, `line 1 column 17: zonename: this key is there twice`},
		{"{\n \"ZoneName\":\"a\"}", `line 2 column 2: ZoneName: unknown key; it is spelled "zonename"`},
		{`{"net":[{},{"phys":"a"}]}`, `line 1 column 13: net[1].phys: unknown key`},
		{`{"net":[{"property":{"a":"b","a":"c"}}]}`, `line 1 column 30: net[0].property.a: this key is there twice`},
		{`{"any":{"x":{"y":1,"y":2}}}`, `line 1 column 20: any.x.y: this key is there twice`},
		{`{"hidden":1}`, `line 1 column 2: hidden: unknown key`},
		{`{"small":128}`, `line 1 column 10: small: 128 is no int8`},
		{`{"small":1.5}`, `line 1 column 10: small: 1.5 is no int8`},
		{`{"id":-1}`, `line 1 column 7: id: -1 is no uint32`},
		{`{"small":"1"}`, `line 1 column 10: small: '"' where a number should be`},
		{`{"small":01}`, `line 1 column 11: small: '1' where a comma or the object's end should be`},
		{`{"on":1}`, `line 1 column 7: on: '1' where true or false should be`},
		{`{"zonename":{}}`, `line 1 column 13: zonename: '{' where a string should be`},
		{`{"net":{}}`, `line 1 column 8: net: '{' where an array should be`},
		{`{"when":"soon"}`, `line 1 column 9: when: parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"`},
		{`{} x`, `line 1 column 4: more data after the end of the value`},
		{`{}{}`, `line 1 column 3: more data after the end of the value`},
		{``, `line 1 column 1: the text ends where a value should be`},
		{`{"zonename":"a`, `line 1 column 15: zonename: the text ends within a string`},
		{`{"zonename":"a"`, `line 1 column 16: zonename: the text ends where a comma or the object's end should be`},
		{`{"zonename" "a"}`, `line 1 column 13: zonename: '"' where a colon should be`},
		{`{"zonename":"a",}`, `line 1 column 17: '}' where a key in quotes should be`},
		{`{"any":[1,]}`, `line 1 column 11: any[1]: ']' where a value should be`},
		{`{zonename:1}`, `line 1 column 2: 'z' where a key in quotes should be`},
		{"{\"zonename\":\"a\x00\"}", `line 1 column 15: zonename: a NUL byte`},
		{"\x00", `line 1 column 1: a NUL byte`},
		{`{"zonename":"a\u0000"}`, `line 1 column 15: zonename: a NUL byte`},
		{`{"zonename":"a\x"}`, `line 1 column 15: zonename: unknown escape \x in a string`},
		{`{"zonename":"\ud800"}`, `line 1 column 14: zonename: half a surrogate pair in a string`},
		{`{"zonename":"\u12"}`, `line 1 column 14: zonename: \u needs four hexadecimal digits`},
		{"{\"zonename\":\"\xff\"}", `line 1 column 14: zonename: a string that is not UTF-8`},
		{"{\"zonename\":\"\\n\xff\"}", `line 1 column 14: zonename: a string that is not UTF-8`},
		{"{\"zonename\":\"a\nb\"}", `line 1 column 15: zonename: a raw control character (0x0a) in a string`},
		{`{"any":` + deep + `}`, `nested more than 64 deep`},
		{`// hello`, `line 1 column 1: '/' where an object should be`},
		{`é`, `line 1 column 1: 'é' where an object should be`},
	} {
		var m machine
		err := strictjson.Unmarshal([]byte(c.text), &m)
		if err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%.40q\n got %v\nwant %s", c.text, err, c.want)
		}
		if _, ok := errors.AsType[*strictjson.Error](err); !ok {
			t.Errorf("%.40q: %T", c.text, err)
		}
	}
}

func TestUnmarshal_targets(t *testing.T) {
	var m machine
	if err := strictjson.Unmarshal([]byte(`{}`), m); err == nil {
		t.Error("took a value for a pointer")
	}
	var ints map[int]string
	if err := strictjson.Unmarshal([]byte(`{}`), &ints); err == nil {
		t.Error("took a map with integer keys")
	}
	m.Any = 1
	if err := strictjson.Unmarshal([]byte(`{"any":null}`), &m); err != nil || m.Any != nil {
		t.Errorf("null: %v, %v", err, m.Any)
	}
}

func TestRead_limit(t *testing.T) {
	if data, err := strictjson.Read(strings.NewReader("12345"), 5); err != nil || string(data) != "12345" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := strictjson.Read(strings.NewReader("123456"), 5); !errors.Is(err, strictjson.ErrTooBig) {
		t.Errorf("%v", err)
	}
}

// What this package takes, encoding/json takes with the same meaning.
func FuzzUnmarshal(f *testing.F) {
	f.Add(`{"a":[1,2.5e3,{"b":null}],"c":"\u00e9\n"}`)
	f.Add(`[[[["x"]]],-0,true]`)
	f.Add(`"\ud83d\ude00"`)
	f.Fuzz(func(t *testing.T, text string) {
		var got, want any
		if strictjson.Unmarshal([]byte(text), &got) != nil {
			return
		}
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("%q: only we take it: %v", text, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %#v, want %#v", text, got, want)
		}
	})
}

// What encoding/json refuses in a typed target, this package refuses too.
func FuzzUnmarshal_struct(f *testing.F) {
	f.Add(`{"zonename":"a","net":[{"physical":"x"}],"small":3}`)
	f.Fuzz(func(t *testing.T, text string) {
		var got, want machine
		if strictjson.Unmarshal([]byte(text), &got) != nil {
			return
		}
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		dec.DisallowUnknownFields()
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("%q: only we take it: %v", text, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %#v, want %#v", text, got, want)
		}
	})
}
