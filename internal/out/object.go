package out

import (
	"bytes"
	"encoding/json"
	"io"
)

// Object is a JSON object whose members keep their order.
type Object []Member

// Member is one of an object.
type Member struct {
	Key   string
	Value any
}

// MarshalJSON writes the members in order.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.Value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// JSON prints a value in one line.
func JSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(value)
}

// Version is the member that says whose output this is and in which form, as
// the ZFS tools begin theirs.
func Version(command string) Member {
	return Member{"output_version", Object{{"command", command}, {"vers_major", 0}, {"vers_minor", 1}}}
}
