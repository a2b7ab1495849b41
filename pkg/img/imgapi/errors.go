package imgapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ErrNotFound says that the server has no such image.
var ErrNotFound = errors.New("image not found")

// Error is a server's refusal.
type Error struct {
	Source  string
	Status  int
	Code    string
	Message string
	Fields  []FieldError
}

// FieldError is one part of a refusal.
type FieldError struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Source, e.Message)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s", trimmed(f.text()))
	}
	return b.String()
}

func (f FieldError) text() string {
	text := f.Field + " (" + f.Code + ")"
	if f.Message != "" {
		text += ": " + f.Message
	}
	return text
}

// Is makes a missing image ErrNotFound, whatever the server calls it.
func (e *Error) Is(target error) bool {
	return target == ErrNotFound && e.Status == http.StatusNotFound
}

func (c *Client) refused(resp *http.Response) error {
	e := &Error{Source: c.URL(), Status: resp.StatusCode}
	data, err := readAll(resp.Body, maxError)
	if err == nil {
		var body struct {
			Code    string       `json:"code"`
			Message string       `json:"message"`
			Errors  []FieldError `json:"errors"`
		}
		if json.Unmarshal(data, &body) == nil {
			e.Code, e.Message, e.Fields = trimmed(body.Code), trimmed(body.Message), body.Errors[:min(len(body.Errors), 10)]
		}
	}
	if e.Message == "" {
		e.Message = fmt.Sprintf("the server answers %d %s", e.Status, http.StatusText(e.Status))
	}
	return e
}
