package zstream_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// drain reads a stream to its end.
func drain(src io.Reader) (records int, err error) {
	r := zstream.NewReader(src)
	for {
		_, err := r.Next()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		records++
	}
}

// A hostile stream that only the tree betrays has sound records.
func soundRecords(g golden) bool {
	base := filepath.Base(g.Stream)
	for _, name := range []string{"directory-cycle", "duplicate-name", "missing-object", "name-", "huge-size", "write-unknown-object"} {
		if strings.HasPrefix(base, "crafted-"+name) {
			return true
		}
	}
	return strings.HasPrefix(g.Expect, "ok") && base != "trailing-garbage.zsend.gz"
}

func TestReaderOnGoldenStreams(t *testing.T) {
	dir := goldenDir(t)
	for _, g := range goldenIndex(t, dir) {
		t.Run(g.Stream, func(t *testing.T) {
			records, err := drain(openGzip(t, filepath.Join(dir, g.Stream)))
			if soundRecords(g) != (err == nil) {
				t.Fatalf("expected %q, after %d records got: %v", g.Expect, records, err)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("refused in several lines: %q", err)
			}
			t.Log(records, err)
		})
	}
}

// Every single flipped bit of a sample of places must be found.
func TestReaderFindsEveryFlip(t *testing.T) {
	whole := unzip(t, "testdata/empty.zsend.gz")
	for i := 0; i < len(whole); i += 37 {
		bad := bytes.Clone(whole)
		bad[i] ^= 1 << (i % 8)
		if _, err := drain(bytes.NewReader(bad)); err == nil {
			t.Errorf("flip at byte %d went unseen", i)
		}
	}
}

func TestReaderFindsEveryCut(t *testing.T) {
	whole := unzip(t, "testdata/empty.zsend.gz")
	for n := 0; n < len(whole); n += 61 {
		if _, err := drain(bytes.NewReader(whole[:n])); err == nil {
			t.Errorf("cut at byte %d went unseen", n)
		}
	}
}

func TestReaderRefusesOtherFiles(t *testing.T) {
	for _, content := range []string{"", "x", strings.Repeat("not a stream ", 100), "\x1f\x8b\x08" + strings.Repeat("z", 400)} {
		if _, err := drain(strings.NewReader(content)); err == nil {
			t.Errorf("took %.20q for a stream", content)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(unzip(f, "testdata/empty.zsend.gz")[:4096]) // the first records will do
	f.Fuzz(func(_ *testing.T, data []byte) { drain(bytes.NewReader(data)) })
}

// BenchmarkReader is the record layer alone, over data that is not packed.
func BenchmarkReader(b *testing.B) {
	dir := goldenDir(b)
	whole := unzip(b, filepath.Join(dir, "openzfs-2.1.11", "plain.zsend.gz"))
	b.SetBytes(int64(len(whole)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := drain(bytes.NewReader(whole)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemcpy copies the same bytes, to compare with.
func BenchmarkMemcpy(b *testing.B) {
	dir := goldenDir(b)
	whole := unzip(b, filepath.Join(dir, "openzfs-2.1.11", "plain.zsend.gz"))
	to := make([]byte, len(whole))
	b.SetBytes(int64(len(whole)))
	for b.Loop() {
		copy(to, whole)
	}
}
