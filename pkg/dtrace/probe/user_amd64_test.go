package probe

import "testing"

func TestRegister(t *testing.T) {
	for name, want := range map[string]int16{
		"%rdi": 112, "%edi": 112, "%di": 112, "%dil": 112, "%rax": 80, "%eax": 80, "%ax": 80, "%al": 80,
		"%r8": 72, "%r8d": 72, "%r15": 0, "%r12b": 24, "%rsp": 152, "%rbp": 32, "%bl": 40, "%rip": 128,
	} {
		if got, ok := register(name); !ok || got != want {
			t.Errorf("%s is at %d, %v; want %d", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "%", "%xmm0", "%r16", "%foo"} {
		if got, ok := register(name); ok {
			t.Errorf("%s is at %d", name, got)
		}
	}
}

func TestOperands(t *testing.T) {
	for text, ok := range map[string]bool{
		"8@$-5": true, "8@$0xffffffffffffffff": true, "8@%rdi": true, "4@-20(%rbp)": true, "8@(%rax)": true,
		"8@8(%rax,%rbx,4)": true, "8@(,%rbx,8)": true, "8@sym(%rip)": false, "8@$x": false, "8@%xmm1": false,
		"8@8(%rax": false, "8@(%rax,%rbx,x)": false, "8@99999999999(%rax)": false, "8@": false,
	} {
		for _, o := range parseOperands(text) {
			if _, err := o.load(-64); (err == nil) != ok {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}
