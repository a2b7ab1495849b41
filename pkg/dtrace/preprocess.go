package dtrace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/cpp"
)

// errPreprocess is what the compiler says when the preprocessor has had its say.
var errPreprocess = errors.New("Preprocessor failed to process input program") //nolint:staticcheck // the original's words

// preprocessed runs the preprocessor over a script; its messages go to errs.
func (s *Settings) preprocessed(src Source, errs io.Writer) (string, error) {
	if s.CPPPath != "" {
		return s.external(src, errs)
	}
	o := cpp.Options{File: "/dev/stdin", Define: s.Define, Undef: s.Undef, Include: s.Includes}
	if s.CPPHeaders {
		o.Headers = func(path string) { fmt.Fprintln(errs, path) }
	}
	text, err := cpp.Process(src.Text, o)
	if bad, ok := errors.AsType[*cpp.Error](err); ok {
		for _, line := range bad.Lines {
			fmt.Fprintln(errs, line)
		}
		return "", errPreprocess
	}
	return text, err
}

// external runs the preprocessor that -xcpppath names.
func (s *Settings) external(src Source, errs io.Writer) (string, error) {
	args := []string{"-D__SUNW_D=1", "-E"}
	for _, list := range []struct {
		flag   string
		values []string
	}{{"-I", s.Includes}, {"-D", s.Define}, {"-U", s.Undef}} {
		for _, v := range list.values {
			args = append(args, list.flag+v)
		}
	}
	var out bytes.Buffer
	cmd := exec.Command(s.CPPPath, append(args, "/dev/stdin")...)
	cmd.Args[0] = filepath.Base(s.CPPPath)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(src.Text), &out, errs
	if err := cmd.Run(); err != nil {
		return "", errPreprocess
	}
	return out.String(), nil
}

// libraries are the sources in the directories of -xlibdir, by name.
func (s *Settings) libraries() ([]Source, error) {
	var all []Source
	for _, dir := range s.LibDirs {
		paths, err := filepath.Glob(filepath.Join(dir, "*.d"))
		if err != nil {
			return nil, err
		}
		slices.Sort(paths)
		for _, p := range paths {
			text, err := os.ReadFile(p)
			if err != nil {
				return nil, fmt.Errorf("read the library: %w", err)
			}
			all = append(all, Source{Name: p, Text: string(text), Script: true, Library: true})
		}
	}
	return all, nil
}
