package door

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// harmless is what code without a Go runtime may call: what needs none, what is
// behind a condition that only a runtime makes true, and how a program ends
// that is wrong.
var harmless = regexp.MustCompile(`^(syscall\.RawSyscall6` +
	`|runtime\.(memmove|memclrNoHeapPointers|memequal|duffzero|duffcopy)` +
	`|runtime\.(gcWriteBarrier\d|wbZero|wbMove)` +
	`|runtime\.(morestack\w*|panicBounds|panicunsafeslice\w+|panicdivide))(\.abi0)?$`)

// indirect are the functions that may call by a variable.
var indirect = []string{"(*Loop).Turn", "(*Flow).move", "(*Flow).fill", "(*Flow).write"}

// TestLaw_nothingNeedsTheRuntime reads the machine code that can be reached from
// the program's entry.
func TestLaw_nothingNeedsTheRuntime(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skipf("there is no short way into a zone on %s", runtime.GOARCH)
	}
	bin := filepath.Join(t.TempDir(), "smartbox")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-E=_smartbox_start", "-o", bin, "../../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	text, err := exec.Command("go", "tool", "objdump", "-s", `smartbox/(pkg/zone/door|pkg/zone/internal/\w+|internal/relay)\.`, bin).Output()
	if err != nil {
		t.Fatal(err)
	}
	calls := parseCode(string(text))
	const first = "github.com/smartbox-os/smartbox/pkg/zone/door.enter"
	if len(calls[first]) == 0 {
		t.Fatalf("%s is not in the code", first)
	}
	seen := map[string]bool{first: true}
	for todo := []string{first}; len(todo) > 0; todo = todo[1:] {
		for _, callee := range calls[todo[0]] {
			switch {
			case seen[callee] || harmless.MatchString(callee):
			case !strings.Contains(callee, ".") && slices.ContainsFunc(indirect, func(f string) bool { return strings.HasSuffix(todo[0], f) }):
			case calls[callee] == nil:
				t.Errorf("%s calls %s", todo[0], callee)
			default:
				seen[callee], todo = true, append(todo, callee)
			}
		}
	}
	for _, must := range []string{"(*Plan).stageOne", "(*Flow).copy", "account.Groups", "(*room).relay"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(seen)), func(f string) bool { return strings.HasSuffix(f, must) }) {
			t.Errorf("%s is not in the code: this test looks at the wrong thing", must)
		}
	}
}

var (
	function = regexp.MustCompile(`^TEXT (\S+)\(SB\)`)
	branch   = regexp.MustCompile(`\t(?:CALL|JMP) (\S+?)(?:\(SB\))?\s*$`)
	local    = regexp.MustCompile(`^0x[0-9a-f]+$`)
)

// parseCode is what each function calls or jumps to.
func parseCode(text string) map[string][]string {
	calls := map[string][]string{}
	name := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if m := function.FindStringSubmatch(line); m != nil {
			name = m[1]
			calls[name] = []string{}
		} else if m := branch.FindStringSubmatch(line); m != nil && !local.MatchString(m[1]) {
			calls[name] = append(calls[name], m[1])
		}
	}
	return calls
}
