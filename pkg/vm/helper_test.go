package vm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

const someImage = "3f2b7f0e-1111-4222-8333-44445555aaaa"

// anySite has every pool named zones and every image but one.
type anySite struct{}

func (anySite) HasPool(name string) (bool, error)     { return name == "zones", nil }
func (anySite) HasImage(uuid, _ string) (bool, error) { return uuid == someImage, nil }

func parse(t testing.TB, text string) Payload {
	t.Helper()
	p, err := ParsePayload([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// testHost is a host in a root of its own, with a clock that stands still.
func testHost(t testing.TB) *Host {
	t.Helper()
	h := New(testenv.Root(t), slog.New(slog.NewTextHandler(io.Discard, nil)))
	h.Now = func() time.Time { return time.Date(2026, 2, 3, 4, 5, 6, 7e6, time.UTC) }
	return h
}

func uuidN(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", n) }

// rest makes a machine at rest: its configuration and files, without a pool.
func rest(t testing.TB, h *Host, payload string) *Spec {
	t.Helper()
	p := parse(t, payload)
	brand := "joyent"
	if b, ok := p["brand"].(string); ok {
		brand = b
	}
	b, _ := BrandOf(brand)
	settled, _, err := p.settle(Create, brand)
	if err != nil {
		t.Fatal(err)
	}
	settled.complete(b, h.Now(), newUUID)
	s, err := newSpec(settled, b)
	if err != nil {
		t.Fatal(err)
	}
	s.Config.State = "installed"
	if err := h.zones.Create(context.Background(), s.Config); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(h.configDir(s.Config), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := h.writeFiles(s); err != nil {
		t.Fatal(err)
	}
	return s
}

func asJSON(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
