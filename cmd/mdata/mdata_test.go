package mdata_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/cmd/internal/command"
	"github.com/smartbox-os/smartbox/cmd/mdata"
	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/pkg/meta"
)

// zone serves the metadata of a machine below a root of its own.
func zone(t *testing.T) paths.Root {
	t.Helper()
	root := paths.Root(t.TempDir())
	path := root.Join(meta.SocketPaths[0])
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	server := meta.NewServer(tables(), slog.New(slog.DiscardHandler))
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go server.Serve(t.Context(), conn)
		}
	}()
	return root
}

func tables() meta.Tables {
	m := meta.Machine{
		Customer: map[string]string{"colour": "blue", "text": "a\nb\n", "-h": "dash", "--": "two"},
		SDC:      func(string) (string, bool, error) { return "", false, nil },
	}
	return meta.Tables{
		Load: func() (meta.Machine, error) { return m, nil },
		Save: func(_ meta.Table, key string, value *string) error {
			delete(m.Customer, key)
			if value != nil {
				m.Customer[key] = *value
			}
			return nil
		},
	}
}

type result struct {
	code        int
	out, errors string
}

func run(root paths.Root, stdin string, args ...string) result {
	var out, errs bytes.Buffer
	env := &cli.Env{Args: args, Root: root, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs}
	tool := map[string]func(*cli.Env) *cobra.Command{
		"mdata-get": mdata.NewGet, "mdata-put": mdata.NewPut,
		"mdata-list": mdata.NewList, "mdata-delete": mdata.NewDelete,
	}[args[0]]
	code := command.Run(env, tool(env), args[1:])
	return result{code, out.String(), errs.String()}
}

func TestTools(t *testing.T) {
	root := zone(t)
	for _, step := range []struct {
		line  string
		stdin string
		want  result
	}{
		{"mdata-get colour", "", result{0, "blue\n", ""}},
		{"mdata-get text", "", result{0, "a\nb\n", ""}},
		{"mdata-get -- -h", "", result{0, "dash\n", ""}},
		{"mdata-get -- --", "", result{0, "two\n", ""}},
		{"mdata-get none", "", result{1, "", "No metadata for 'none'\n"}},
		{"mdata-get -none", "", result{1, "", "No metadata for '-none'\n"}},
		{"mdata-get", "", result{3, "", "mdata-get: Usage: mdata-get <keyname>\n"}},
		{"mdata-get a b", "", result{3, "", "mdata-get: Usage: mdata-get <keyname>\n"}},
		{"mdata-list", "", result{0, "--\n-h\ncolour\ntext\n", ""}},
		{"mdata-list x", "", result{3, "", "mdata-list: Usage: mdata-list\n"}},
		{"mdata-put size 7", "ignored", result{0, "", ""}},
		{"mdata-get size", "", result{0, "7\n", ""}},
		{"mdata-put size", "1\n2", result{0, "", ""}},
		{"mdata-get size", "", result{0, "1\n2\n", ""}},
		{"mdata-put size", "", result{0, "", ""}}, // the empty value deletes
		{"mdata-get size", "", result{1, "", "No metadata for 'size'\n"}},
		{"mdata-put sdc:uuid x", "", result{2, "", "Error putting metadata for key 'sdc:uuid': Cannot update the \"sdc\" Namespace.\n"}},
		{"mdata-put big", strings.Repeat("x", 5<<20), result{2, "", "Error putting metadata for key 'big': key and value are too large: 2097152 bytes fit\n"}},
		{"mdata-put bin", "\xff", result{2, "", "Error putting metadata for key 'bin': the value is not UTF-8 text; encode it, with base64 for example\n"}},
		{"mdata-put", "", result{3, "", "mdata-put: Usage: mdata-put <keyname> [ <value> ]\n"}},
		{"mdata-delete colour", "", result{0, "", ""}},
		{"mdata-delete colour", "", result{0, "", ""}},
		{"mdata-delete sdc:uuid", "", result{2, "", "Error deleting metadata key 'sdc:uuid': Cannot update the \"sdc\" Namespace.\n"}},
		{"mdata-delete", "", result{3, "", "mdata-delete: Usage: mdata-delete <keyname>\n"}},
		{"mdata-list", "", result{0, "--\n-h\ntext\n", ""}},
	} {
		if got := run(root, step.stdin, strings.Fields(step.line)...); got != step.want {
			t.Errorf("%s\n got %+v\nwant %+v", step.line, got, step.want)
		}
	}
}

func TestTools_emptyListPrintsNothing(t *testing.T) {
	root := zone(t)
	for _, key := range []string{"colour", "text", "-h", "--"} {
		if got := run(root, "", "mdata-delete", "--", key); got.code != 0 {
			t.Fatalf("mdata-delete %s: %+v", key, got)
		}
	}
	if got := run(root, "", "mdata-list"); got != (result{}) {
		t.Errorf("mdata-list of nothing: %+v", got)
	}
}

func TestTools_help(t *testing.T) {
	for _, tool := range []string{"mdata-get", "mdata-put", "mdata-list", "mdata-delete"} {
		for _, flag := range []string{"-h", "--help", "-?"} {
			got := run("", "", tool, flag)
			if got.code != 0 || got.errors != "" || !strings.Contains(got.out, tool) {
				t.Errorf("%s %s: %+v", tool, flag, got)
			}
		}
	}
}

func TestTools_noSocket(t *testing.T) {
	got := run(paths.Root(t.TempDir()), "", "mdata-get", "k")
	if got != (result{2, "", "ERROR: could not initialise protocol: no metadata socket here; only zones have one\n"}) {
		t.Errorf("without a socket: %+v", got)
	}
}

func TestPut_unreadableStdin(t *testing.T) {
	root := zone(t)
	var out, errs bytes.Buffer
	broken, w := io.Pipe()
	w.CloseWithError(io.ErrUnexpectedEOF)
	env := &cli.Env{Root: root, Stdin: broken, Stdout: &out, Stderr: &errs}
	if code := command.Run(env, mdata.NewPut(env), []string{"k"}); code != 2 ||
		errs.String() != "ERROR: could not read from stdin: unexpected EOF\n" {
		t.Errorf("exit %d, %q", code, errs.String())
	}
}
