package out

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestObject(t *testing.T) {
	var b strings.Builder
	err := JSON(&b, Object{Version("zfs list"), {"z", Object{}}, {`a"b`, 1}, {"t", "x<y\n"}})
	want := `{"output_version":{"command":"zfs list","vers_major":0,"vers_minor":1},"z":{},"a\"b":1,"t":"x<y\n"}` + "\n"
	if err != nil || strings.ReplaceAll(b.String(), `\u003c`, "<") != want {
		t.Errorf("%s, %v; want %s", b.String(), err, want)
	}
	if !json.Valid([]byte(b.String())) {
		t.Error("no JSON")
	}
	if err := JSON(&b, Object{{"f", func() {}}}); err == nil {
		t.Error("a function was printed")
	}
}
