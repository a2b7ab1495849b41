package meta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"time"
)

// answerTimeout bounds one question: the host may have to write a pool that is
// busy, but must not hang the boot of a machine for ever.
const answerTimeout = 60 * time.Second

// maxAnswer bounds a line from the host, in bytes.
const maxAnswer = 64 << 20

// Client asks the host about this machine's metadata. It is not for several
// goroutines.
type Client struct {
	conn net.Conn
	in   *lines
	v2   bool
}

// Dial connects to the first of the sockets that is there, or fails with ErrNoSocket.
func Dial(ctx context.Context, paths ...string) (*Client, error) {
	var errs []error
	for _, path := range paths {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
		if err == nil {
			return NewClient(conn)
		}
		if !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return nil, ErrNoSocket
	}
	return nil, errors.Join(errs...)
}

// NewClient agrees with the host on a version, 2 if it can. It owns conn.
func NewClient(conn net.Conn) (*Client, error) {
	everything := func() bool { return true }
	c := &Client{conn: conn, in: newLines(conn, smallLine, maxAnswer, everything)}
	answer, err := c.exchange(cmdNegotiate + " " + cmdFrame)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("negotiate: %w", err)
	}
	c.v2 = answer == ansV2
	return c, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Get returns a key's value or ErrNotFound.
func (c *Client) Get(key string) (string, error) { return c.ask(cmdGet, key) }

// Keys lists the keys.
func (c *Client) Keys() ([]string, error) {
	list, err := c.ask(cmdKeys, "")
	if err != nil || list == "" {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(list, "\n"), "\n"), nil
}

// Put sets a key; the empty value deletes it.
func (c *Client) Put(key, value string) error {
	return c.write(cmdPut, string(putPayload(key, value)))
}

// Delete removes a key, also one that is not there.
func (c *Client) Delete(key string) error { return c.write(cmdDelete, key) }

func (c *Client) write(word, arg string) error {
	if !c.v2 {
		return ErrUnsupported
	}
	_, err := c.ask(word, arg)
	return err
}

func (c *Client) ask(word, arg string) (string, error) {
	if c.v2 {
		return c.ask2(word, arg)
	}
	return c.ask1(word, arg)
}

func (c *Client) ask2(word, arg string) (string, error) {
	req := frame{id: fmt.Sprintf("%08x", rand.Uint32()), word: word, payload: []byte(arg)}
	answer, err := c.exchange(req.String())
	for err == nil {
		// A frame that is broken or answers an older question is not ours.
		if ans, bad := parseFrame(answer); bad == nil && ans.id == req.id {
			return verdict(ans.word, string(ans.payload))
		}
		answer, err = c.in.next()
	}
	return "", brokenOff(err)
}

func (c *Client) ask1(word, arg string) (string, error) {
	if strings.ContainsAny(arg, "\r\n") {
		return "", &Refusal{"a key is one line"}
	}
	answer, err := c.exchange(strings.TrimRight(word+" "+arg, " "))
	if err != nil {
		return "", brokenOff(err)
	}
	if answer != ansSuccess {
		return verdict(answer, "")
	}
	return c.value1()
}

// value1 reads the lines of a version 1 value up to the lone dot.
func (c *Client) value1() (string, error) {
	var value []string
	for size := 0; size <= maxAnswer; {
		line, err := c.in.next()
		if err != nil {
			return "", brokenOff(err)
		}
		if line == "." {
			return strings.Join(value, "\n"), nil
		}
		size += len(line) + 1
		value = append(value, strings.TrimPrefix(line, "."))
	}
	return "", errTooLong
}

func (c *Client) exchange(request string) (string, error) {
	if len(request) >= MaxLine {
		return "", &Refusal{fmt.Sprintf("key and value are too large: %d bytes fit", MaxValue)}
	}
	if err := c.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(c.conn, request+"\n"); err != nil {
		return "", err
	}
	return c.in.next()
}

func verdict(word, payload string) (string, error) {
	switch word {
	case ansSuccess:
		return payload, nil
	case ansNotFound:
		return "", ErrNotFound
	case ansInvalid:
		return "", ErrUnsupported
	case ansFailure:
		if payload == "" {
			payload = "the host refused"
		}
		return "", &Refusal{payload}
	}
	return "", &Refusal{fmt.Sprintf("the host answered %.64q", word)}
}

func brokenOff(err error) error {
	if errors.Is(err, io.EOF) {
		err = errors.New("the host closed the connection")
	}
	return err
}
