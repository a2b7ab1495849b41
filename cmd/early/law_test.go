package early_test

import (
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// harmless is what code without a Go runtime may call: what needs none, what is
// behind a condition that only a runtime makes true, and how a program ends
// that is wrong.
var harmless = regexp.MustCompile(`^(syscall\.RawSyscall6` +
	`|runtime\.(memmove|memclrNoHeapPointers|memequal|cmpstring|duffzero|duffcopy)` +
	`|runtime\.(gcWriteBarrier\d|wbZero|wbMove)` +
	`|runtime\.(morestack\w*|panicBounds|panicunsafes\w+|panicdivide))(\.abi0)?$` +
	`|^0\(\w+\)\(\w+\*8\)$`) // the table of a switch

// indirect are the functions that may call by a variable.
var indirect = []string{"(*world).names", "(*list).merge", "(*Loop).Turn", "(*Flow).move", "(*Flow).fill", "(*Flow).write"}

// TestLaw_nothingNeedsTheRuntime reads the machine code that can be reached from
// the program's entry.
func TestLaw_nothingNeedsTheRuntime(t *testing.T) {
	bin := build(t, entry)
	text, err := exec.Command("go", "tool", "objdump", "-s", `smartbox/(cmd/early|pkg/zone/door|pkg/zone/internal/\w+|internal/relay)\.`, bin).Output()
	if err != nil {
		t.Fatal(err)
	}
	calls := parseCode(string(text))
	const first = module + "/cmd/early.Enter"
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
	for _, must := range []string{"(*Plan).stageOne", "(*Flow).copy", "account.Groups", "(*room).relay", "(*world).printMachines", "(*list).merge"} {
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
