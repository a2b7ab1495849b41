package cmd

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/smartbox-os/smartbox/internal/cli"
)

func testEnv() (*cli.Env, *bytes.Buffer) {
	var out bytes.Buffer
	env := cli.FromOS()
	env.Stdin, env.Stdout, env.Stderr = strings.NewReader(""), &out, &out
	env.Getenv = func(string) string { return "" }
	return env, &out
}

func TestApplets_areSortedAndWhole(t *testing.T) {
	names := Names()
	if !slices.IsSorted(names) {
		t.Errorf("the table is not in order: %v", names)
	}
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("a name is there twice: %v", names)
	}
	for _, a := range tools() {
		if a.Summary == "" || a.New == nil {
			t.Errorf("%s: a tool needs a summary and a constructor", a.Name)
		}
	}
}

// Every tool has a manual with the sections that readers look for, every verb
// and flag a word in it.
func TestManuals_coverEveryVerbAndFlag(t *testing.T) {
	for _, a := range tools() {
		t.Run(a.Name, func(t *testing.T) {
			for _, want := range []string{"# " + a.Name + "(8)", "## NAME", "## SYNOPSIS", "## DESCRIPTION", "## EXIT STATUS"} {
				if !strings.Contains(a.Manual, want) {
					t.Errorf("the manual lacks %q", want)
				}
			}
			env, _ := testEnv()
			root := a.New(env)
			if root.Name() != a.Name {
				t.Errorf("its command is called %q", root.Name())
			}
			walk(root, func(c *cobra.Command) { covered(t, a.Manual, c) })
		})
	}
}

func walk(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		if !sub.Hidden && sub.Name() != "help" && sub.Name() != "completion" {
			walk(sub, visit)
		}
	}
}

func covered(t *testing.T, manual string, c *cobra.Command) {
	t.Helper()
	if c.HasParent() && !hasWord(manual, c.Name()) {
		t.Errorf("%s: not in the manual", c.CommandPath())
	}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		if f.Shorthand != "" && hasFlag(manual, f.Shorthand) {
			return
		}
		if !hasWord(manual, "--"+f.Name) {
			t.Errorf("%s: neither -%s nor --%s is in the manual", c.CommandPath(), f.Shorthand, f.Name)
		}
	})
}

func hasWord(text, word string) bool {
	return regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(word) + `($|[^\w-])`).MatchString(text)
}

// hasFlag finds a letter also in a cluster: -Hp names -p.
func hasFlag(text, letter string) bool {
	return regexp.MustCompile(`(^|[^\w-])-\w*` + regexp.QuoteMeta(letter)).MatchString(text)
}

func TestHelp_isOnStdoutWithAnExampleOrSynopsis(t *testing.T) {
	for _, a := range tools() {
		for _, flag := range []string{"-h", "-?"} {
			env, out := testEnv()
			env.Stderr = failing{t}
			if code := a.run(env, []string{flag}); code != cli.ExitOK {
				t.Errorf("%s %s: exit %d", a.Name, flag, code)
			}
			if !strings.Contains(out.String(), a.Name) {
				t.Errorf("%s %s prints no usage: %q", a.Name, flag, out)
			}
		}
	}
}

// failing is a stream that nothing may be written to.
type failing struct{ t *testing.T }

func (f failing) Write(b []byte) (int, error) {
	f.t.Errorf("unexpected output: %q", b)
	return len(b), nil
}

func TestMan_setsEveryManual(t *testing.T) {
	for _, name := range append([]string{self}, toolNames()...) {
		for _, args := range [][]string{{name}, {"--roff", name}} {
			env, out := testEnv()
			code := man(env, args)
			text := strings.ToLower(strings.ReplaceAll(out.String(), `\`, ""))
			if code != cli.ExitOK || !strings.Contains(text, name) {
				t.Errorf("man %v: exit %d, %d bytes", args, code, out.Len())
			}
		}
	}
}

func toolNames() []string {
	var names []string
	for _, a := range tools() {
		names = append(names, a.Name)
	}
	return names
}
