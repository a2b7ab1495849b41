package vm

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A machine that was sent is the same one where it is received, snapshots too.
func TestSend_andReceive(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	u := w.create(tiny(1, `"tags":{"role":"web"},"customer_metadata":{"k":"v"},"internal_metadata":{"i":"w"},"cpu_cap":50,"hostname":"one",`+oneNIC))
	file := filepath.Join(w.root.Join("zones", u), "root/file")
	w.must(os.WriteFile(file, []byte("before"), 0o640))
	w.must(os.Chown(file, 1000, 1001))
	w.must(w.CreateSnapshot(ctx, u, "s1"))
	w.must(os.WriteFile(file, []byte("after"), 0o640))
	before := w.get(u)
	var bundle bytes.Buffer
	w.must(w.Send(ctx, u, &bundle))
	w.want(u, map[string]string{"state": `"stopped"`})
	if _, err := w.Receive(ctx, bytes.NewReader(bundle.Bytes())); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("received over the machine itself: %v", err)
	}
	w.must(w.Delete(ctx, u))
	got, err := w.Receive(ctx, bytes.NewReader(bundle.Bytes()))
	w.must(err)
	if got != u {
		t.Errorf("received %s, not %s", got, u)
	}
	after := w.get(u)
	for _, transient := range []string{"boot_timestamp", "last_modified", "pid", "zoneid", "zonedid", "exit_status", "exit_timestamp", "state", "zone_state", "snapshots"} {
		delete(before, transient)
		delete(after, transient)
	}
	for name, value := range before {
		if after[name] != value {
			t.Errorf("%s was %s and is %s", name, value, after[name])
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "after" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	w.must(w.RollbackSnapshot(ctx, u, "s1"))
	if text, err := os.ReadFile(file); err != nil || string(text) != "before" {
		t.Errorf("after the rollback the file holds %q, %v", text, err)
	}
	if left, err := w.pools.Get(ctx, "zones/"+u+sendSnapshot, "guid"); err == nil {
		t.Errorf("%s is left", left.Name)
	}
	// What was received is sent on, with snapshots of either kind.
	bundle.Reset()
	w.must(w.Send(ctx, u, &bundle))
	w.must(w.Delete(ctx, u))
	_, err = w.Receive(ctx, &bundle)
	w.must(err)
	if text, err := os.ReadFile(file); err != nil || string(text) != "before" {
		t.Errorf("sent on, the file holds %q, %v", text, err)
	}
}

// What is no bundle, or not whole, leaves nothing.
func TestReceive_isAllOrNothing(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	u := w.create(tiny(1, ""))
	var b bytes.Buffer
	w.must(w.Send(ctx, u, &b))
	w.must(w.Delete(ctx, u))
	whole := b.Bytes()
	changed := func(old, new string) []byte { return bytes.Replace(whole, []byte(old), []byte(new), 1) }
	for what, c := range map[string]struct {
		bundle []byte
		want   string
	}{
		"nothing":         {nil, "nothing came"},
		"text":            {[]byte(strings.Repeat("no bundle ", 100)), "not a machine as vmadm send writes it"},
		"a short text":    {[]byte(`{"brand":"lx"}`), "not a machine as vmadm send writes it"},
		"half a header":   {whole[:300], "the bundle is incomplete"},
		"half of JSON":    {whole[:700], "the bundle is incomplete"},
		"no dataset":      {whole[:len(whole)/bundleBlock*bundleBlock][:2048], ""},
		"half a dataset":  {whole[:len(whole)-40000], "incomplete"},
		"another version": {changed("MAGIC-VMBUNDLE\x001", "MAGIC-VMBUNDLE\x007"), "version"},
		"another part":    {changed("\x00JSON\x00", "\x00XSON\x00"), "begins with"},
		"another brand":   {changed(`"brand": "lx"`, `"brand": "zx"`), "brand"},
		"no uuid":         {changed(`"uuid": "0`, `"uuid": "x`), "uuid"},
		"damage":          {append(bytes.Clone(whole[:len(whole)-20000]), append([]byte{0xff}, whole[len(whole)-19999:]...)...), ""},
	} {
		_, err := w.Receive(ctx, bytes.NewReader(c.bundle))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
		w.gone(u)
	}
	_, err := w.Receive(ctx, bytes.NewReader(whole))
	w.must(err)
}

func FuzzReadPart(f *testing.F) {
	var b bytes.Buffer
	if err := (bundlePart{"JSON", 700}).write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := readPart(bytes.NewReader(data))
		if err == nil && (p.size < 0 || p.padded() < p.size) {
			t.Errorf("%+v", p)
		}
	})
}
