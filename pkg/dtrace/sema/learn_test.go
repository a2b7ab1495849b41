package sema

import (
	"testing"

	"github.com/smartbox-os/smartbox/pkg/dtrace/dlib"
)

// TestLibrary compiles every file of the library without any kernel's types.
func TestLibrary(t *testing.T) {
	for _, name := range dlib.Names() {
		c := newChecker(&Env{Probes: fewProbes{}, Library: dlib.Text, Options: Options{StrSize: 256}})
		if err := c.declareLibrary(dlib.Text(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.inlines[name] == nil && c.types[name] == nil {
			t.Errorf("%s: is not declared by its file", name)
		}
	}
}
