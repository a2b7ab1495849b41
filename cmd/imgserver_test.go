package cmd_test

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/smartbox-os/smartbox/internal/testenv/imgserver"
)

// imgserverCommand is "imgserver [-tls] DIR" in scripts: it starts an image
// server on the loopback with the images of DIR and sets IMGAPI to its URL.
// With -tls its certificate is in $WORK/ca.pem.
func imgserverCommand(ts *testscript.TestScript, neg bool, args []string) {
	secure := len(args) > 0 && args[0] == "-tls"
	if secure {
		args = args[1:]
	}
	if neg || len(args) != 1 {
		ts.Fatalf("usage: imgserver [-tls] DIR")
	}
	s := &imgserver.Server{}
	ts.Check(s.Load(ts.MkAbs(args[0])))
	for _, i := range s.Images {
		for _, name := range i.Channels {
			if !slices.Contains(s.Channels, name) {
				s.Channels = append(s.Channels, name)
			}
		}
	}
	h := httptest.NewUnstartedServer(s)
	if secure {
		h.StartTLS()
		ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate().Raw})
		ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), "ca.pem"), ca, 0o644))
	} else {
		h.Start()
	}
	ts.Defer(h.Close)
	ts.Setenv("IMGAPI", h.URL)
}
