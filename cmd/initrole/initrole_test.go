package initrole

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform/live"
)

func environment(input string) (env *cli.Env, out, errs *bytes.Buffer) {
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	return &cli.Env{Stdin: strings.NewReader(input), Stdout: out, Stderr: errs, Getenv: func(string) string { return "" }}, out, errs
}

// Played by anybody but the kernel, the roles say so and do nothing.
func TestRoles_refuse(t *testing.T) {
	for name, role := range map[string]func(*cli.Env, []string) int{"init": Init, "init-worker": Worker} {
		env, _, errs := environment("")
		if name == "init-worker" && os.Getppid() == 1 {
			continue
		}
		if code := role(env, nil); code != cli.ExitUsage || !strings.HasPrefix(errs.String(), name+": is ") {
			t.Errorf("%s: %d, %q", name, code, errs)
		}
	}
}

func TestModprobe(t *testing.T) {
	env, _, errs := environment("")
	if code := Modprobe(env, []string{"-q", "--", "no-such-module"}); code != cli.ExitFailed || errs.Len() > 0 {
		t.Errorf("quietly: %d, %q", code, errs)
	}
	if code := Modprobe(env, []string{"-a", "no-such-module"}); code != cli.ExitFailed || !strings.HasPrefix(errs.String(), "modprobe: modules: this kernel has no no-such-module") {
		t.Errorf("%d, %q", code, errs)
	}
	if code := Modprobe(env, nil); code != cli.ExitOK {
		t.Errorf("nothing to do: %d", code)
	}
}

// person types lines; the names that got in are returned.
func person(t *testing.T, shadow, typed string) (in []string, said string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "shadow")
	if err := os.WriteFile(file, []byte(shadow), 0o600); err != nil {
		t.Fatal(err)
	}
	env, out, _ := environment(typed)
	s := session{env: env, in: bufio.NewReader(env.Stdin), shadow: file, prompted: func() {}, become: func(name string) error {
		in = append(in, name)
		return errors.New("tested")
	}}
	if code := s.run(); code != cli.ExitFailed {
		t.Errorf("code %d", code)
	}
	return in, out.String()
}

func TestLogin(t *testing.T) {
	hash, err := live.HashPassword("secret")
	if err != nil {
		t.Fatal(err)
	}
	shadow := "root:" + hash + ":::::::\nother:" + hash + ":::::::\nopen::::::::\n"
	for _, c := range []struct {
		what, typed string
		in          string
		wrong       int
	}{
		{"root", "root\nsecret\n", "root", 0},
		{"with carriage returns", "root\r\nsecret\r\n", "root", 0},
		{"at the second try", "root\nwrong\nroot\nsecret\n", "root", 1},
		{"never more than three", "root\na\nroot\nb\nroot\nc\nroot\nsecret\n", "", 3},
		{"another with the right password", "other\nsecret\n", "", 1},
		{"another without one", "open\n\n", "", 1},
		{"an empty name is asked again", "\nroot\nsecret\n", "root", 0},
		{"hangs up at the name", "root", "", 0},
		{"hangs up at the password", "root\nsecret", "", 1},
		{"says nothing", "", "", 0},
	} {
		in, said := person(t, shadow, c.typed)
		if strings.Join(in, " ") != c.in || strings.Count(said, "Login incorrect") != c.wrong {
			t.Errorf("%s: %v got in; %q", c.what, in, said)
		}
		if strings.Contains(said, "secret") {
			t.Errorf("%s: the password is shown: %q", c.what, said)
		}
	}
	if in, said := person(t, "root::::::::\n", "root\n"); strings.Join(in, " ") != "root" || strings.Contains(said, "Password") {
		t.Errorf("without a password: %v, %q", in, said)
	}
}

func TestLogin_noShadow(t *testing.T) {
	env, _, errs := environment("root\n")
	s := session{env: env, in: bufio.NewReader(env.Stdin), shadow: filepath.Join(t.TempDir(), "none"), prompted: func() {}, become: func(string) error {
		t.Error("somebody got in")
		return nil
	}}
	if s.run(); !strings.Contains(errs.String(), "no such file") {
		t.Errorf("%q", errs)
	}
}
