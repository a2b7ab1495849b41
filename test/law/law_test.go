// Package law holds the import law: main -> cmd -> cmd/<tool> -> pkg/* ->
// internal/*, one way. The linter says the same; this needs only Go.
package law

import (
	"bufio"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/smartbox-os/smartbox/"

// rule forbids packages below from to import packages below to.
type rule struct {
	from, to string
	because  string
}

var rules = []rule{
	{from: "pkg", to: module + "cmd", because: "libraries never import commands"},
	{from: "internal", to: module + "cmd", because: "libraries never import commands"},
	{from: "internal", to: module + "pkg", because: "internal is the ground that pkg stands on"},
	{from: "pkg", to: "github.com/spf13", because: "flags belong to cmd"},
	{from: "internal", to: "github.com/spf13", because: "flags belong to cmd"},
	{from: "pkg", to: "github.com/olekukonko", because: "tables belong to internal/out"},
	{from: "pkg", to: module + "internal/cli", because: "streams and exit codes belong to cmd; a library returns values and errors"},
	{from: "pkg", to: module + "internal/out", because: "what is printed is the command's business"},
	{from: "pkg", to: "flag", because: "flags belong to cmd"},
	{from: "cmd", to: "github.com/olekukonko", because: "tables belong to internal/out"},
	{from: "cmd", to: "github.com/vishvananda", because: "links are pkg/vnic's"},
	{from: "cmd", to: "github.com/cilium", because: "BPF is the libraries' business"},
	{from: "cmd", to: "github.com/google/nftables", because: "filters are pkg/vnic's and pkg/fw's"},
	{from: "cmd", to: "github.com/opencontainers", because: "cgroups are pkg/zone's"},
}

// siblings says which other packages below pkg one may use; pkg/vm, pkg/cloud
// and pkg/platform tie them together and may use all.
var siblings = map[string][]string{
	"dtrace": nil, "fw": nil, "meta": nil, "vnic": nil, "zpool": nil, "pkgsrc": nil,
	"img":  {"zpool"},
	"zone": {"zpool", "vnic", "meta"},
}

type arrow struct{ from, to string }

// arrows lists every direct import of every package of ours, those of tests
// left out.
func arrows(t *testing.T) []arrow {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}{{"\n"}}{{end}}`, module+"...")
	cmd.Dir = path.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []arrow
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	for lines.Scan() {
		if from, to, ok := strings.Cut(lines.Text(), " "); ok {
			all = append(all, arrow{strings.TrimPrefix(from, module), to})
		}
	}
	return all
}

func below(name, dir string) bool {
	return dir == "" || name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

func (r rule) broken(a arrow) bool {
	return below(a.from, r.from) && below(a.to, r.to)
}

func TestImportLaw(t *testing.T) {
	all := arrows(t)
	if len(all) < 100 {
		t.Fatalf("only %d imports found", len(all))
	}
	for _, a := range all {
		for _, r := range rules {
			if r.broken(a) {
				t.Errorf("%s imports %s: %s", a.from, a.to, r.because)
			}
		}
		if why := foreign(a); why != "" {
			t.Errorf("%s imports %s: %s", a.from, a.to, why)
		}
	}
}

// foreign judges arrows between tools and between the packages of pkg.
func foreign(a arrow) string {
	to, ours := strings.CutPrefix(a.to, module)
	if !ours {
		return ""
	}
	if strings.HasPrefix(a.from, "cmd/") && strings.HasPrefix(to, "cmd/") && !below(to, "cmd/internal") && !below(to, a.from) {
		return "a tool never imports another tool; what both need belongs in pkg"
	}
	if !strings.HasPrefix(a.from, "pkg/") || !strings.HasPrefix(to, "pkg/") {
		return ""
	}
	one, other := second(a.from), second(to)
	allowed, listed := siblings[one]
	if one == other || !listed {
		return ""
	}
	if slices.Contains(allowed, other) {
		return ""
	}
	return "only pkg/vm ties the siblings together"
}

func second(name string) string { return strings.Split(name, "/")[1] }

// TestBinary_leavesOut names what must not be linked: it costs megabytes or
// start-up time, or is for tests.
func TestBinary_leavesOut(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", strings.TrimSuffix(module, "/"))
	cmd.Dir = path.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		for pkg, why := range map[string]string{
			"testing":                         "it is for tests",
			"github.com/google/go-cmp":        "it is for tests, and 2 MB",
			"github.com/rogpeppe/go-internal": "it is for tests",
		} {
			if below(dep, pkg) {
				t.Errorf("the binary links %s: %s", dep, why)
			}
		}
	}
}

func TestRules_findAPlantedBreach(t *testing.T) {
	for _, a := range []arrow{
		{"pkg/img", module + "cmd/imgadm"}, {"internal/out", "github.com/spf13/pflag"},
	} {
		found := false
		for _, r := range rules {
			found = found || r.broken(a)
		}
		if !found {
			t.Errorf("%v is not found", a)
		}
	}
	for _, a := range []arrow{
		{"cmd/vmadm", module + "cmd/zlogin"}, {"pkg/vnic", module + "pkg/vm"}, {"pkg/img", module + "pkg/zone"},
	} {
		if foreign(a) == "" {
			t.Errorf("%v is not found", a)
		}
	}
	if foreign(arrow{"pkg/img/archive", module + "pkg/zpool"}) != "" {
		t.Error("pkg/img may use pkg/zpool")
	}
}
