package imgadm

import (
	"fmt"
	"io"

	"github.com/smartbox-os/smartbox/pkg/img"
)

// reporter words what happens: lines on stdout, and on a terminal a progress
// bar on stderr.
type reporter struct {
	out io.Writer
	err io.Writer
	bar *bar // nil without a terminal
}

func (t *tool) reporter(quiet bool) *reporter {
	r := &reporter{out: t.env.Stdout, err: t.env.Stderr}
	if !quiet && t.env.Fancy(t.env.Stderr) {
		r.bar = &bar{w: t.env.Stderr, width: t.env.Width(t.env.Stderr), now: t.env.Now}
	}
	return r
}

func (r *reporter) tell(e img.Event) {
	if e.Kind == img.Progress {
		if r.bar != nil {
			r.bar.show(e)
		}
		return
	}
	r.end()
	switch e.Kind {
	case img.AlreadyInstalled:
		r.line("Image %s is already installed, skipping", e.Image.Title())
	case img.Importing:
		r.line("Importing %s from %q", e.Image.Title(), e.Source)
	case img.Ancestry:
		r.line("Gather image %s ancestry", e.Image.UUID)
	case img.Downloading:
		r.line("Must download and install %d %s (%s)", e.Count, plural(e.Count), img.Size(e.Total))
	case img.Resumed:
		r.line("Resuming download of image %s at %s of %s", e.Image.UUID, img.Size(e.Done), img.Size(e.Total))
	case img.Downloaded:
		r.line("Downloaded image %s (%s)", e.Image.Title(), img.Size(e.Total))
	case img.Installing:
		r.line("Installing image %s", e.Image.Title())
	case img.Installed:
		r.installed(e)
	case img.Sending:
		r.line("Sending image file to %q", e.Text)
	case img.Saving:
		r.line("Saving manifest to %q", e.Text)
	case img.PublishedManifest:
		r.line("Imported image %s (%s, %s, state=%s)", e.Image.UUID, e.Image.Name, e.Image.Version, e.Image.State)
	case img.PublishedFile:
		if f, ok := e.Image.File(); ok {
			r.line("Added file to image %s (compression=%s, size=%d)", e.Image.UUID, f.Compression, f.Size)
		}
	case img.Activated:
		r.line("Activated image %s", e.Image.UUID)
	case img.Note:
		fmt.Fprintf(r.err, "note: %s\n", printable(e.Text))
	}
}

func (r *reporter) installed(e img.Event) {
	word := "Installed"
	if e.Source != "" {
		word = "Imported"
	}
	r.line(word+" image %s", e.Image.Title())
}

func plural(n int) string {
	if n == 1 {
		return "image"
	}
	return "images"
}

func (r *reporter) line(format string, args ...any) {
	fmt.Fprintf(r.out, "%s\n", printable(fmt.Sprintf(format, args...)))
}

// end takes the bar away.
func (r *reporter) end() {
	if r.bar != nil {
		r.bar.clear()
	}
}
