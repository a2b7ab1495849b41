package meta

import (
	"log/slog"
	"strings"
	"testing"
)

type fixed map[string]string

func (f fixed) Get(key string) (string, bool, error) { v, ok := f[key]; return v, ok, nil }
func (f fixed) Keys() ([]string, error)              { return []string{"a", "b"}, nil }
func (f fixed) Put(string, string) error             { return nil }
func (f fixed) Delete(string) error                  { return nil }

func TestReply_version1(t *testing.T) {
	s := NewServer(fixed{"a": "1", "dots": ".one\ntwo\n..three\n.", "e": ""}, slog.New(slog.DiscardHandler))
	for line, want := range map[string]string{
		"GET a":        "SUCCESS\n1\n.\n",
		"GET a \t\r":   "SUCCESS\n1\n.\n",
		"GET   a":      "SUCCESS\n1\n.\n",
		"GET dots":     "SUCCESS\n..one\ntwo\n...three\n..\n.\n",
		"GET e":        "SUCCESS\n\n.\n",
		"GET none":     "NOTFOUND\n",
		"GET":          "invalid command\n",
		"GET ":         "invalid command\n",
		"":             "invalid command\n",
		"\r":           "invalid command\n",
		"KEYS":         "SUCCESS\na\nb\n.\n",
		"NEGOTIATE":    "invalid command\n",
		"NEGOTIATE V2": "V2_OK\n",
		"NEGOTIATE V3": "FAILURE\n",
		"PUT a b":      "FAILURE\n", // version 1 cannot write
		"DELETE a":     "FAILURE\n",
		"get a":        "FAILURE\n",
	} {
		if got := s.reply(line); got != want {
			t.Errorf("reply(%q) = %q, want %q", line, got, want)
		}
	}
}

func FuzzReply(f *testing.F) {
	for _, line := range []string{"GET a", "KEYS", "NEGOTIATE V2", "V2 1 2 3 GET", specFrame, "\x00"} {
		f.Add(line)
	}
	f.Add(frame{id: "1", word: cmdGet, payload: []byte("a")}.String())
	f.Add(frame{id: "1", word: "\xff", payload: []byte("a")}.String())
	s := NewServer(fixed{"a": "1"}, slog.New(slog.DiscardHandler))
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "\n") {
			return
		}
		got := s.reply(line)
		if got == "" {
			if word, _ := cut(line); word != cmdFrame {
				t.Errorf("no reply to %q", line)
			}
			return
		}
		if !strings.HasSuffix(got, "\n") {
			t.Errorf("the reply to %q is not a line: %q", line, got)
		}
		if strings.HasPrefix(got, cmdFrame+" ") {
			if _, err := parseFrame(strings.TrimSuffix(got, "\n")); err != nil {
				t.Errorf("the reply to %q is not a frame: %q", line, got)
			}
		}
	})
}
