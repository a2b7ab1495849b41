package first_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The zone's init must begin before what only other tools need, in the binary
// that has it all.
func TestFirst_comesBeforeTheLargePackages(t *testing.T) {
	bin := t.TempDir() + "/smartbox"
	if out, err := exec.Command("go", "build", "-o", bin, "../../..").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.Command(bin, "--list")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	before, after, found := strings.Cut(string(trace), "\ninit github.com/smartbox-os/smartbox/cmd/zinit/first ")
	if !found {
		t.Fatal("it is not initialised at all")
	}
	for _, name := range []string{"net", "net/http", "crypto/tls", "github.com/spf13/cobra", "github.com/google/nftables"} {
		if strings.Contains(before, "\ninit "+name+" ") || !strings.Contains(after, "\ninit "+name+" ") {
			t.Errorf("%s comes first, or is not there any more", name)
		}
	}
}
