package manifest

import (
	"fmt"
	"strings"
)

// FieldError is what is wrong with one member.
type FieldError struct {
	Field   string
	Message string
}

func (e FieldError) Error() string { return e.Field + " (" + e.Message + ")" }

// ValidationError holds everything that is wrong with a manifest.
type ValidationError struct{ Fields []FieldError }

func (e *ValidationError) Error() string {
	words := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		words[i] = f.Error()
	}
	return "invalid manifest: " + strings.Join(words, ", ")
}

// Validate checks a manifest whole; the error is a *ValidationError.
func (m *Manifest) Validate() error {
	var errs []FieldError
	for _, f := range fields() {
		if !f.required {
			continue
		}
		if raw, ok := m.raw(f.name); !ok || string(raw) == "null" {
			errs = append(errs, FieldError{f.name, m.missing(f.name)})
		}
	}
	errs = append(errs, m.errs...)
	errs = append(errs, m.consistency()...)
	if len(errs) == 0 {
		return nil
	}
	return &ValidationError{errs}
}

// missing names a look-alike, since JSON names are exact.
func (m *Manifest) missing(name string) string {
	for _, f := range m.members {
		if strings.EqualFold(f.key, name) {
			return fmt.Sprintf("is missing; %q is there, names are case-sensitive", f.key)
		}
	}
	return "is missing"
}

// consistency checks members against each other.
func (m *Manifest) consistency() []FieldError {
	var errs []FieldError
	for _, name := range []string{"nic_driver", "disk_driver", "cpu_type", "image_size"} {
		_, ok := m.raw(name)
		if ok && m.Type != "" && m.Type != "zvol" {
			errs = append(errs, FieldError{name, fmt.Sprintf("is for type zvol only, the type is %s", m.Type)})
		}
		if !ok && m.Type == "zvol" && name != "cpu_type" {
			errs = append(errs, FieldError{name, "is missing; type zvol needs it"})
		}
	}
	if m.Origin != "" && m.Origin == m.UUID {
		errs = append(errs, FieldError{"origin", "is the image itself"})
	}
	if raw, ok := m.raw("state"); ok && m.State == "active" && m.Disabled {
		errs = append(errs, FieldError{"state", string(raw) + " but disabled is true"})
	}
	return errs
}
