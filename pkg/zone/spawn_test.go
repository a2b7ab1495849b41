package zone

import (
	"os"
	"strings"
	"testing"
)

func TestOpenLog_putsALargeOneAside(t *testing.T) {
	h := testHost(t)
	write := func(text string) {
		t.Helper()
		f, err := h.OpenLog("z")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	size := func(path string) int64 {
		st, err := os.Stat(path)
		if err != nil {
			return -1
		}
		return st.Size()
	}
	write("first\n")
	write(strings.Repeat("x", maxLog))
	if size(h.LogFile("z")) != maxLog+6 || size(h.LogFile("z")+".0") != -1 {
		t.Error("it is put aside too early, or overwritten")
	}
	write("second\n")
	if size(h.LogFile("z")) != 7 || size(h.LogFile("z")+".0") != maxLog+6 {
		t.Errorf("sizes %d and %d", size(h.LogFile("z")), size(h.LogFile("z")+".0"))
	}
	write(strings.Repeat("y", maxLog))
	write("third\n")
	if size(h.LogFile("z")+".0") != maxLog+7 {
		t.Error("the older one stays")
	}
	if err := os.Remove(h.LogFile("z")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", h.LogFile("z")); err != nil {
		t.Fatal(err)
	}
	if f, err := h.OpenLog("z"); err == nil {
		f.Close()
		t.Error("it follows a link")
	}
}
