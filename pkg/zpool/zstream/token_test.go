package zstream_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

func TestTokenOfRealZFS(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(goldenDir(t), "openzfs-2.1.11", "resume.token"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := zstream.ParseToken(string(text))
	want := zstream.Token{Object: 0x28, Offset: 0x20000, Bytes: 0xfb330, ToGUID: 0x8c5b7fbb532d85a8, ToName: "ta/lz4@s"}
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func TestTokenComesBack(t *testing.T) {
	want := zstream.Token{
		Object: 1, Offset: 1 << 40, Bytes: 3, ToGUID: 4, FromGUID: 5, ToName: "a/b@c", LargeBlock: true, Compressed: true,
	}
	if got, err := zstream.ParseToken(want.String()); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzToken(f *testing.F) {
	f.Add(zstream.Token{Object: 1, ToName: "a@b"}.String())
	f.Add("1-0-0-")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := zstream.ParseToken(text)
		if err != nil {
			return
		}
		if again, err := zstream.ParseToken(token.String()); err != nil || again != token {
			t.Errorf("%+v became %+v, %v", token, again, err)
		}
	})
}
