package probe

import (
	"slices"
	"testing"
)

func TestParseFunctions(t *testing.T) {
	got := parseFunctions([]byte("vfs_read\nvfs_read.part.0\ntwice\nkvm_init [kvm]\ntwice\n__ftrace_invalid_address___12\nabc\n"))
	want := []kernelFunction{{"kvm", "kvm_init"}, {"vmlinux", "abc"}, {"vmlinux", "vfs_read"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// TestFunctions checks that a kernel without probes of its functions says so by
// having none, and one with them has typed arguments.
func TestFunctions(t *testing.T) {
	db, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	found, err := db.Match("fbt:vmlinux:vfs_read:entry")
	if err != nil {
		t.Fatal(err)
	}
	if !haveFunctionProbes() {
		if len(found) > 0 {
			t.Error("there are function probes that the kernel cannot make")
		}
		t.Skip("this kernel has no probes of its functions")
	}
	if len(found) != 1 {
		t.Fatalf("found %v", found)
	}
	if args := found[0].Arguments(); len(args) != 4 || args[0].T.String() != "struct file *" {
		t.Errorf("arguments are %v", args)
	}
}

func TestFunctionArgs(t *testing.T) {
	db, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	f := kernelFunction{"vmlinux", "vfs_read"}
	args := db.functionArgs(f, FunctionEnter)
	if args == nil {
		t.Skip("this kernel does not tell its types")
	}
	if len(args) != 4 || args[0].T.String() != "struct file *" {
		t.Errorf("entry: %v", args)
	}
	if args := db.functionArgs(f, FunctionLeave); len(args) != 2 || args[1].T.String() != "ssize_t" {
		t.Errorf("return: %v", args)
	}
	if args := db.functionArgs(kernelFunction{"vmlinux", "no_such_function"}, FunctionEnter); args != nil {
		t.Errorf("arguments of nothing: %v", args)
	}
}
