package zstream

import (
	"bytes"
	"strings"
	"testing"
)

// Of a stream that is cut all is passed on that came, so that it can be
// resumed; of one that is damaged no record that is refused, and never an END
// behind it.
func TestCheck_passesOn(t *testing.T) {
	whole := rich(t)
	var out bytes.Buffer
	if err := Check(&out, bytes.NewReader(whole)); err != nil || !bytes.Equal(out.Bytes(), whole) {
		t.Errorf("a sound stream: %d of %d bytes, %v", out.Len(), len(whole), err)
	}
	part := whole[:len(whole)*3/4]
	out.Reset()
	err := Check(&out, bytes.NewReader(part))
	if err == nil || !strings.Contains(err.Error(), "incomplete") || strings.Contains(err.Error(), "\n") || !bytes.Equal(out.Bytes(), part) {
		t.Errorf("a stream that is cut: %d of %d bytes, %v", out.Len(), len(part), err)
	}
	bad := bytes.Clone(whole)
	bad[len(bad)/2] ^= 1
	out.Reset()
	if err := Check(&out, bytes.NewReader(bad)); err == nil || out.Len() > len(bad)/2 {
		t.Errorf("a damaged stream: %d bytes passed on, %v", out.Len(), err)
	}
}
