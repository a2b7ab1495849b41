package meta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"
)

// Bounds of a server, per machine.
const (
	MaxValue = 2 << 20                // bytes of key and value together, at least
	MaxLine  = MaxValue*16/9 + 64<<10 // bytes of a line: base64 twice, and the rest
	MaxConns = 32                     // connections at a time; more are closed at once

	smallLine = 64 << 10 // bytes of a line that each connection may have
	bigLines  = 2        // longer lines at a time
)

const writeTimeout = 30 * time.Second

// Server answers for one machine.
type Server struct {
	store Store
	log   *slog.Logger

	// Idle closes a connection on which nothing was asked for that long; 0
	// never does (a serial line has no next connection).
	Idle time.Duration

	conns chan struct{}
	big   chan struct{}
}

// NewServer returns a server of the store's metadata for socket connections.
func NewServer(store Store, log *slog.Logger) *Server {
	return &Server{
		store: store, log: log, Idle: time.Minute,
		conns: make(chan struct{}, MaxConns),
		big:   make(chan struct{}, bigLines),
	}
}

// Serve answers one connection until its end, or that of ctx, and closes it.
func (s *Server) Serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	if !take(s.conns) {
		s.log.Debug("metadata: too many connections")
		return
	}
	defer give(s.conns)
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	err := s.answerAll(conn)
	if !errors.Is(err, io.EOF) {
		s.log.Debug("metadata: connection ended", "err", err)
	}
}

func (s *Server) answerAll(conn net.Conn) error {
	in := newLines(conn, smallLine, MaxLine, func() bool { return take(s.big) })
	for {
		if s.Idle > 0 {
			if err := conn.SetReadDeadline(time.Now().Add(s.Idle)); err != nil {
				return err
			}
		}
		err := s.answerNext(conn, in)
		if in.lent {
			in.lent = false
			give(s.big)
		}
		if err != nil {
			return err
		}
	}
}

func (s *Server) answerNext(conn net.Conn, in *lines) error {
	line, err := in.next()
	if err != nil && !errors.Is(err, errTooLong) {
		return err
	}
	reply := ansInvalid + "\n"
	if err == nil {
		reply = s.reply(line)
	}
	if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err = io.WriteString(conn, reply)
	return err
}

// reply is the whole answer to one line; empty when there must be none.
func (s *Server) reply(line string) string {
	line = strings.TrimRight(line, " \t\r")
	word, rest := cut(line)
	if word == cmdFrame {
		return s.reply2(line)
	}
	return s.reply1(word, rest)
}

func (s *Server) reply1(word, arg string) string {
	switch {
	case word == "", arg == "" && (word == cmdGet || word == cmdNegotiate):
		return ansInvalid + "\n"
	case word == cmdNegotiate && arg == cmdFrame:
		return ansV2 + "\n"
	case word != cmdGet && word != cmdKeys:
		return ansFailure + "\n"
	}
	ans := s.do(word, arg)
	if ans.word != ansSuccess {
		return ans.word + "\n"
	}
	return ansSuccess + "\n" + stuff(string(ans.payload)) + "\n.\n"
}

// stuff doubles the dots that begin lines, since a lone dot ends the value.
func stuff(value string) string {
	value = strings.ReplaceAll(value, "\n.", "\n..")
	if strings.HasPrefix(value, ".") {
		value = "." + value
	}
	return value
}

// reply2 leaves malformed frames unanswered, as the protocol wants: noise on a
// serial line must not look like an answer.
func (s *Server) reply2(line string) string {
	req, err := parseFrame(line)
	if err != nil {
		s.log.Debug("metadata: dropped a frame", "err", err)
		return ""
	}
	ans := s.do(req.word, string(req.payload))
	ans.id = req.id
	return ans.String() + "\n"
}

// do carries out a command; the answer's id is left to the caller.
func (s *Server) do(word, arg string) frame {
	value, err := s.ask(word, arg)
	refusal, isRefusal := errors.AsType[*Refusal](err)
	switch {
	case err == nil:
		return frame{word: ansSuccess, payload: []byte(value)}
	case errors.Is(err, ErrNotFound):
		return frame{word: ansNotFound}
	case isRefusal:
		return frame{word: ansFailure, payload: []byte(refusal.Reason)}
	}
	s.log.Warn("metadata: request failed", "command", word, "err", err)
	return frame{word: ansFailure, payload: []byte("the host could not do it")}
}

func (s *Server) ask(word, arg string) (string, error) {
	key := strings.TrimSpace(arg)
	if key == "" && word != cmdKeys {
		return "", refusef("Invalid %.32q Request", word)
	}
	switch word {
	case cmdGet:
		return s.get(key)
	case cmdKeys:
		keys, err := s.store.Keys()
		return strings.Join(keys, "\n"), err
	case cmdDelete:
		return "OK", s.store.Delete(key)
	case cmdPut:
		key, value, err := parsePut(arg)
		if err != nil || key == "" {
			return "", refusef("Invalid PUT Request")
		}
		return "OK", s.store.Put(key, value)
	}
	return "", refusef("Unknown command %.32q", word)
}

func (s *Server) get(key string) (string, error) {
	value, found, err := s.store.Get(key)
	if err != nil {
		return "", fmt.Errorf("get: %w", err)
	}
	if !found {
		return "", ErrNotFound
	}
	return value, nil
}

func take(slots chan struct{}) bool {
	select {
	case slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func give(slots chan struct{}) { <-slots }
