package dtrace

import (
	"bytes"
	"cmp"
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
	o := cpp.Options{File: "/dev/stdin", Define: s.Define, Undef: s.Undef, Include: s.Includes}
	if s.CPPPath != "" || !understood(&o, s.CPPArgs) {
		return s.external(src, errs)
	}
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

// understood adds arguments of a preprocessor to the options of ours. Those that
// ours does not know are for another one.
func understood(o *cpp.Options, args []string) bool {
	for _, a := range args {
		if len(a) < 3 {
			return false
		}
		switch value := a[2:]; a[:2] {
		case "-D":
			o.Define = append(slices.Clip(o.Define), value)
		case "-U":
			o.Undef = append(slices.Clip(o.Undef), value)
		case "-I":
			o.Include = append(slices.Clip(o.Include), value)
		default:
			return false
		}
	}
	return true
}

// external runs the preprocessor that -xcpppath names, or the system's where
// -xcppargs says what only that knows.
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
	path := cmp.Or(s.CPPPath, "cpp")
	cmd := exec.Command(path, slices.Concat(args, s.CPPArgs, []string{"/dev/stdin"})...)
	cmd.Args[0] = filepath.Base(path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(src.Text), &out, errs
	err := cmd.Run()
	if missing, ok := errors.AsType[*exec.Error](err); ok {
		return "", missing
	}
	if err != nil {
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
	return inOrder(all)
}

// inOrder puts libraries behind those that they depend on.
func inOrder(libs []Source) ([]Source, error) {
	byName := map[string]Source{}
	for _, l := range libs {
		byName[filepath.Base(l.Name)] = l
	}
	var out []Source
	state := map[string]int{} // 1: being placed, 2: placed
	var place func(l Source) error
	place = func(l Source) error {
		name := filepath.Base(l.Name)
		switch state[name] {
		case 1:
			return fmt.Errorf("failed to compile: circular dependency of the library %s", l.Name)
		case 2:
			return nil
		}
		state[name] = 1
		for _, need := range dependencies(l.Text) {
			other, ok := byName[need]
			if !ok {
				return fmt.Errorf("failed to compile: %s depends on the library %s, which is not there", l.Name, need)
			}
			if err := place(other); err != nil {
				return err
			}
		}
		state[name] = 2
		out = append(out, l)
		return nil
	}
	for _, l := range libs {
		if err := place(l); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// dependencies are the libraries that #pragma D depends_on names.
func dependencies(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		if len(w) == 5 && w[0] == "#pragma" && w[1] == "D" && w[2] == "depends_on" && w[3] == "library" {
			all = append(all, w[4])
		}
	}
	return all
}
