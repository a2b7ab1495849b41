package meta

import (
	"bytes"
	"testing"
)

// The frame that the protocol's public specification shows.
const specFrame = "V2 21 265ae1d8 dc4fae17 SUCCESS W10="

func TestFrame_specification(t *testing.T) {
	want := frame{id: "dc4fae17", word: "SUCCESS", payload: []byte("[]")}
	got, err := parseFrame(specFrame)
	if err != nil || got.id != want.id || got.word != want.word || !bytes.Equal(got.payload, want.payload) {
		t.Errorf("parseFrame(%q) = %+v, %v; want %+v", specFrame, got, err, want)
	}
	if s := want.String(); s != specFrame {
		t.Errorf("String() = %q, want %q", s, specFrame)
	}
}

func TestParseFrame_refuses(t *testing.T) {
	for name, line := range map[string]string{
		"length too small":   "V2 20 265ae1d8 dc4fae17 SUCCESS W10=",
		"length not decimal": "V2 0x15 265ae1d8 dc4fae17 SUCCESS W10=",
		"length negative":    "V2 -21 265ae1d8 dc4fae17 SUCCESS W10=",
		"checksum":           "V2 21 265ae1d9 dc4fae17 SUCCESS W10=",
		"one letter changed": "V2 21 265ae1d8 dc4fae17 SUCCESS W11=",
		"other version":      "V3 21 265ae1d8 dc4fae17 SUCCESS W10=",
		"nothing":            "",
		"only the mark":      "V2",
		"no body":            "V2 0 00000000 ",
		"id not hexadecimal": frame{id: "xyz", word: "GET"}.String(),
		"id missing":         frame{word: "GET"}.String(),
		"word missing":       frame{id: "dc4fae17"}.String(),
	} {
		if f, err := parseFrame(line); err == nil {
			t.Errorf("%s: parseFrame(%q) = %+v, want an error", name, line, f)
		}
	}
}

func TestParsePut(t *testing.T) {
	for _, c := range []struct{ key, value string }{
		{"colour", "blue"}, {"empty", ""}, {"ünï", "a\nb\x00c"},
	} {
		key, value, err := parsePut(string(putPayload(c.key, c.value)))
		if err != nil || key != c.key || value != c.value {
			t.Errorf("parsePut(putPayload(%q, %q)) = %q, %q, %v", c.key, c.value, key, value, err)
		}
	}
	for _, bad := range []string{"", "a2V5", "* dg==", "a2V5 *"} {
		if key, value, err := parsePut(bad); err == nil {
			t.Errorf("parsePut(%q) = %q, %q, want an error", bad, key, value)
		}
	}
}

func FuzzParseFrame(f *testing.F) {
	f.Add(specFrame)
	f.Add("V2 12 0 0 GET")
	f.Add(frame{id: "1", word: "PUT", payload: putPayload("k", "v")}.String())
	f.Fuzz(func(t *testing.T, line string) {
		got, err := parseFrame(line)
		if err != nil {
			return
		}
		again, err := parseFrame(got.String())
		if err != nil || again.id != got.id || again.word != got.word || !bytes.Equal(again.payload, got.payload) {
			t.Errorf("%q parses as %+v, which prints as %q, which parses as %+v, %v",
				line, got, got, again, err)
		}
	})
}

func FuzzParsePut(f *testing.F) {
	f.Add(string(putPayload("key", "value")))
	f.Add("a2V5 ")
	f.Fuzz(func(t *testing.T, payload string) {
		key, value, err := parsePut(payload)
		if err != nil {
			return
		}
		key2, value2, err := parsePut(string(putPayload(key, value)))
		if err != nil || key2 != key || value2 != value {
			t.Errorf("%q: %q, %q become %q, %q, %v", payload, key, value, key2, value2, err)
		}
	})
}
