package img

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

func TestParseConfig(t *testing.T) {
	for in, want := range map[string]string{
		``:                          "",
		`[]`:                        "",
		`null`:                      "not a JSON object",
		`{"sources":{}}`:            "sources",
		`{"sources":[{"url":"x"}]}`: "sources[0]: \"x\" is not an http or https URL",
		`{"sources":[{"url":"http://a","typ":"b"}]}`:  "typ",
		`{"sources":[],"sources":[]}`:                 "sources",
		`{"userAgentExtra":"a\nb"}`:                   "userAgentExtra",
		`{"sources":[{"url":"a","type":"docker"}]}`:   "not supported yet",
		`{"sources":[{"url":"file://h/a"}]}`:          "file:///DIRECTORY",
		`{"sources":[{"url":"b:","type":"builtin"}]}`: "builtin:",
		`{"sources":[{"url":"b:","type":"nope"}]}`:    "not a type of source",
	} {
		if _, err := parseConfig([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
	c, err := parseConfig([]byte(`{"upgradedToVer":"3.0.0","sources":[{"url":"https://a/b/","type":"imgapi","insecure":true,"channel":"dev"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Source{URL: "https://a/b", Type: "imgapi", Insecure: true, Channel: "dev"}); c.Sources[0] != want {
		t.Errorf("%+v", c.Sources)
	}
	out, err := c.encode()
	if err != nil || !bytes.Contains(out, []byte(`"upgradedToVer": "3.0.0"`)) {
		t.Errorf("%s, %v", out, err)
	}
}

// Sources that are added at once are all there afterwards.
func TestAddSource_losesNothing(t *testing.T) {
	h := New(testenv.Root(t), slog.New(slog.NewTextHandler(t.Output(), nil)))
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			s := Source{URL: "http://host" + string(rune('a'+i)), Type: TypeIMGAPI}
			if added, err := h.AddSource(t.Context(), s, true); !added || err != nil {
				t.Errorf("%v, %v", added, err)
			}
		})
	}
	group.Wait()
	if all, err := h.Sources(); err != nil || len(all) != 20+len(DefaultSources()) {
		t.Errorf("%v, %v", all, err)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"sources":[{"url":"https://a","type":"imgapi","insecure":true,"channel":"x"}],"x":[1]}`))
	f.Add([]byte(`{"sources":[{"url":"file:///a"}],"userAgentExtra":"y"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseConfig(data)
		if err != nil {
			return
		}
		out, err := c.encode()
		if err != nil {
			t.Fatalf("encode: %v", err)
		}
		again, err := parseConfig(out)
		if err != nil {
			t.Fatalf("own output %q is refused: %v", out, err)
		}
		if len(again.Sources) != len(c.Sources) {
			t.Fatalf("%v became %v", c.Sources, again.Sources)
		}
		for i := range c.Sources {
			if c.Sources[i] != again.Sources[i] {
				t.Fatalf("%+v became %+v", c.Sources[i], again.Sources[i])
			}
		}
	})
}
