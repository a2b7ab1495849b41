package imgadm

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/img"
)

const editHead = `# The sources of images, in the order in which they are asked, one a line:
#     URL [TYPE] [insecure] [channel=NAME]
`

// editSources lets the user change the list as text.
func (t *tool) editSources(ctx context.Context) error {
	host := t.host()
	sources, err := host.Sources()
	if err != nil {
		return err
	}
	lines := []string{editHead}
	for _, s := range sources {
		lines = append(lines, sourceLine(s)+"\n")
	}
	before := strings.Join(lines, "")
	after, err := t.editText(ctx, before)
	if err != nil {
		return err
	}
	if after == before {
		fmt.Fprintln(t.env.Stdout, "No change")
		return nil
	}
	if sources, err = parseSources(after); err != nil {
		return err
	}
	if err := host.SetSources(ctx, sources); err != nil {
		return err
	}
	fmt.Fprintf(t.env.Stdout, "Saved %d image sources\n", len(sources))
	return nil
}

func sourceLine(s img.Source) string {
	line := s.URL + " " + s.Type
	if s.Insecure {
		line += " insecure"
	}
	if s.Channel != "" {
		line += " channel=" + s.Channel
	}
	return line
}

func parseSources(text string) ([]img.Source, error) {
	var sources []img.Source
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		s, err := parseSource(words)
		if err != nil {
			return nil, cli.Usagef("%s: %w", words[0], err)
		}
		sources = append(sources, s)
	}
	return sources, nil
}

func parseSource(words []string) (img.Source, error) {
	var kind, channel string
	insecure := false
	for _, word := range words[1:] {
		name, isChannel := strings.CutPrefix(word, "channel=")
		switch {
		case isChannel:
			channel = name
		case word == "insecure":
			insecure = true
		case kind == "":
			kind = word
		default:
			return img.Source{}, fmt.Errorf("what is %q?", word)
		}
	}
	s, err := img.NewSource(words[0], kind)
	s.Insecure, s.Channel = insecure, channel
	return s, err
}

// editText runs $VISUAL, $EDITOR or vi on a private file.
func (t *tool) editText(ctx context.Context, text string) (string, error) {
	f, err := os.CreateTemp("", "imgadm-sources-*.txt")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", err
	}
	editor := t.env.Getenv("VISUAL")
	if editor == "" {
		editor = t.env.Getenv("EDITOR")
	}
	if editor == "" {
		editor = "vi"
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", editor+` "$1"`, "sh", f.Name())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.env.Stdin, t.env.Stdout, t.env.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("editor %q: %w; nothing is changed", editor, err)
	}
	after, err := os.ReadFile(f.Name())
	return string(after), err
}
