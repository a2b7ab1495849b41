package meta

import (
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// Words of version 2's frames, and the first words of version 1's lines.
const (
	cmdGet       = "GET"
	cmdPut       = "PUT"
	cmdDelete    = "DELETE"
	cmdKeys      = "KEYS"
	cmdNegotiate = "NEGOTIATE"
	cmdFrame     = "V2"

	ansSuccess  = "SUCCESS"
	ansNotFound = "NOTFOUND"
	ansFailure  = "FAILURE"
	ansV2       = "V2_OK"
	ansInvalid  = "invalid command"
)

var errFrame = errors.New("malformed frame")

// frame is one message of version 2: a line
//
//	V2 LENGTH CRC32 ID WORD[ BASE64]
//
// where LENGTH and CRC32 cover everything from ID on.
type frame struct {
	id      string // hexadecimal, chosen by the client, repeated in the answer
	word    string // a command or an answer
	payload []byte
}

func (f frame) String() string {
	body := f.id + " " + f.word
	if len(f.payload) > 0 {
		body += " " + base64.StdEncoding.EncodeToString(f.payload)
	}
	return fmt.Sprintf("%s %d %08x %s", cmdFrame, len(body), crc32.ChecksumIEEE([]byte(body)), body)
}

// parseFrame reads a line without its line feed. A frame whose length or
// checksum is wrong is an error, never a guess.
func parseFrame(line string) (frame, error) {
	mark, rest := cut(line)
	length, rest := cut(rest)
	sum, body := cut(rest)
	if mark != cmdFrame || !isNumber(length, body) || !isSum(sum, body) {
		return frame{}, errFrame
	}
	id, rest := cut(body)
	word, coded := cut(rest)
	if _, err := strconv.ParseUint(id, 16, 64); err != nil || word == "" {
		return frame{}, errFrame
	}
	payload, err := decode(coded)
	if err != nil {
		return frame{}, errFrame
	}
	return frame{id, word, payload}, nil
}

func isNumber(length, body string) bool {
	n, err := strconv.ParseUint(length, 10, 31)
	return err == nil && n == uint64(len(body))
}

func isSum(sum, body string) bool {
	n, err := strconv.ParseUint(sum, 16, 32)
	return err == nil && uint32(n) == crc32.ChecksumIEEE([]byte(body))
}

// cut splits at the first run of blanks.
func cut(s string) (first, rest string) {
	first, rest, _ = strings.Cut(s, " ")
	return first, strings.TrimLeft(rest, " ")
}

// decode takes base64 with or without its padding.
func decode(coded string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(coded, "="))
}

// putPayload is the payload of PUT: key and value, base64 each, a blank between.
func putPayload(key, value string) []byte {
	enc := base64.StdEncoding.EncodeToString
	return []byte(enc([]byte(key)) + " " + enc([]byte(value)))
}

func parsePut(payload string) (key, value string, err error) {
	codedKey, codedValue, ok := strings.Cut(strings.Trim(payload, "\t\r\n"), " ")
	if !ok {
		return "", "", errFrame
	}
	k, err := decode(codedKey)
	if err != nil {
		return "", "", errFrame
	}
	v, err := decode(codedValue)
	if err != nil {
		return "", "", errFrame
	}
	return strings.TrimSpace(string(k)), string(v), nil
}
