package host

import "testing"

func TestAsUUID(t *testing.T) {
	for text, want := range map[string]string{
		"4C4C4544-0042-3510-8044-B4C04F4D4D31\n": "4c4c4544-0042-3510-8044-b4c04f4d4d31",
		"0123456789abcdef0123456789abcdef":       "01234567-89ab-cdef-0123-456789abcdef",
		"00000000-0000-0000-0000-000000000000":   "",
		"ffffffffffffffffffffffffffffffff":       "",
		"Not Settable":                           "",
	} {
		if got := asUUID(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestMachineUUID_staysTheSame(t *testing.T) {
	a, aerr := MachineUUID()
	b, berr := MachineUUID()
	if aerr != nil || berr != nil || a != b || len(a) != 36 {
		t.Errorf("%q %v, then %q %v", a, aerr, b, berr)
	}
}
