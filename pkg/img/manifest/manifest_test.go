package manifest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const good = `{"v":2,"uuid":"01234567-89ab-cdef-0123-456789abcdef","owner":"00000000-0000-0000-0000-000000000000",
"name":"debian-12","version":"20260101","state":"active","disabled":false,"public":true,
"published_at":"2026-01-01T00:00:00.000Z","type":"lx-dataset","os":"linux",
"files":[{"sha1":"da39a3ee5e6b4b0d3255bfef95601890afd80709","size":10,"compression":"gzip"}],
"requirements":{"networks":[{"name":"net0","description":"public"}],"brand":"lx","min_ram":64,"min_platform":{"7.0":"20130308T102805Z"}},
"tags":{"role":"os","a.b":{"c":1}},"x-future":[1, 2]}`

func TestRead_keepsEveryMemberInOrder(t *testing.T) {
	m, err := Read([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(strings.ReplaceAll(good, "\n", ""), "[1, 2]", "[1,2]")
	if string(out) != want {
		t.Errorf("got  %s\nwant %s", out, want)
	}
	f, ok := m.File()
	if !ok || f.Size != 10 || f.Compression != "gzip" || m.Requirements.Brand != "lx" || m.Requirements.MinRAM != 64 {
		t.Errorf("fields: %+v %+v", f, m.Requirements)
	}
}

func TestRead_refusesWhatIsNoSingleObject(t *testing.T) {
	for in, want := range map[string]string{
		``:                         "ends in the middle",
		`[]`:                       "not a JSON object",
		`"x"`:                      "not a JSON object",
		`{"a":1`:                   "ends in the middle",
		`{"a":1}x`:                 "bytes after",
		`{"a":1}{}`:                "bytes after",
		`{"a":1,"a":2}`:            `"a" is there twice`,
		`{"a":{"b":1,"b":2}}`:      `"b" is there twice`,
		"{\"a\":\"\x00\"}":         "NUL byte at offset 6",
		`{"a":tru}`:                "not JSON",
		strings.Repeat("[", 10000): "nested deeper",
	} {
		if _, err := Read([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Read(%.20q) = %v, want %q", in, err, want)
		}
	}
}

func TestValidate_reportsAllMistakesAtOnce(t *testing.T) {
	m, err := Read([]byte(`{"v":1,"UUID":"x","owner":"ABCDEF00-0000-0000-0000-000000000000","name":"a\u0007b","version":7,
		"type":"lx-dataset","os":"plan9","published_at":"yesterday","image_size":5,"disabled":"perhaps",
		"files":[{"size":1,"sha1":"zz"}],"requirements":{"brand":"lx","min_ram":5,"max_ram":4,"color":"red","bootrom":"uefi"}}`))
	if err != nil {
		t.Fatal(err)
	}
	verr, ok := errors.AsType[*ValidationError](m.Validate())
	if !ok {
		t.Fatal("no ValidationError")
	}
	for _, want := range []string{
		`uuid (is missing; "UUID" is there, names are case-sensitive)`,
		"v (must be 2, got 1)",
		`owner ("ABCDEF00-0000-0000-0000-000000000000" is not a lower-case uuid)`,
		"name (", "version (must be a string, got 7)", `os ("plan9" is not one of`, "published_at (",
		"image_size (is for type zvol only", "disabled (must be true or false", "files ([0]: sha1 is not 40",
		"color: is not a requirement", "min_ram 5 is above max_ram 4", "bootrom needs brand bhyve",
	} {
		if !strings.Contains(verr.Error(), want) {
			t.Errorf("missing %q in\n%s", want, verr)
		}
	}
	if strings.Contains(verr.Error(), "\n") {
		t.Error("the message has more than one line")
	}
}

func TestSet_addsAndReplaces(t *testing.T) {
	m, err := Read([]byte(`{"v":2,"name":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	before := *m
	if err := errors.Join(m.Set("published_at", "2026-01-01T00:00:00Z"), m.Set("name", "b")); err != nil {
		t.Fatal(err)
	}
	out, _ := json.Marshal(m)
	if want := `{"v":2,"name":"b","published_at":"2026-01-01T00:00:00Z"}`; string(out) != want || m.Name != "b" {
		t.Errorf("got %s", out)
	}
	if before.Name != "a" {
		t.Error("a copy changed")
	}
}

func TestLookup(t *testing.T) {
	m, err := Read([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"name": `"debian-12"`, "requirements.brand": `"lx"`, "tags.role": `"os"`, "tags.a.b.c": "1", "public": "true",
	} {
		v, ok := m.Lookup(path)
		got, _ := json.Marshal(v)
		if !ok || string(got) != want {
			t.Errorf("Lookup(%s) = %s, %v", path, got, ok)
		}
	}
	for _, path := range []string{"nam", "names", "tags.none", "name.x", ""} {
		if v, ok := m.Lookup(path); ok {
			t.Errorf("Lookup(%q) = %v", path, v)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"v":2,"files":[{"size":1e400,"sha1":""}],"requirements":{"networks":[{}]}}`))
	f.Add([]byte(`{"tags":{"a":{"b":{"c":null}}},"traits":{"x":1},"users":[{"name":"root"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Read(data)
		if err != nil {
			return
		}
		_ = m.Validate()
		out, err := json.Marshal(m)
		if err != nil {
			t.Fatalf("marshal: %v", err)
		}
		again, err := Read(out)
		if err != nil {
			t.Fatalf("own output %q is refused: %v", out, err)
		}
		if (m.Validate() == nil) != (again.Validate() == nil) {
			t.Fatalf("validity changed over a round trip: %v, %v", m.Validate(), again.Validate())
		}
	})
}
