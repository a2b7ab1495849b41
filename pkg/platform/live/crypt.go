package live

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"strings"
)

// itoa64 are the letters of crypt(3), in the order of their values.
const itoa64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// cryptRounds is crypt(3)'s default for sha512.
const cryptRounds = 5000

// HashPassword is a password as /etc/shadow has it: $6$, SHA-512.
func HashPassword(password string) (string, error) {
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	salt := make([]byte, len(raw))
	for i, b := range raw {
		salt[i] = itoa64[b&63]
	}
	return sha512Crypt(password, string(salt)), nil
}

// sha512Crypt is crypt(3) with "$6$salt$", by its public specification.
func sha512Crypt(password, salt string) string {
	p, s := []byte(password), []byte(salt)
	digest := func(parts ...[]byte) []byte {
		h := sha512.Sum512(bytes.Join(parts, nil))
		return h[:]
	}
	b := digest(p, s, p)
	a := [][]byte{p, s, fill(b, len(p))}
	for n := len(p); n > 0; n >>= 1 {
		if n&1 == 1 {
			a = append(a, b)
		} else {
			a = append(a, p)
		}
	}
	sum := digest(a...)
	pp := fill(digest(bytes.Repeat(p, len(p))), len(p))
	ss := fill(digest(bytes.Repeat(s, 16+int(sum[0]))), len(s))
	for i := range cryptRounds {
		var parts [][]byte
		pick := func(yes bool, ifSo, ifNot []byte) {
			if yes {
				parts = append(parts, ifSo)
			} else {
				parts = append(parts, ifNot)
			}
		}
		pick(i&1 == 1, pp, sum)
		pick(i%3 != 0, ss, nil)
		pick(i%7 != 0, pp, nil)
		pick(i&1 == 1, sum, pp)
		sum = digest(parts...)
	}
	return "$6$" + salt + "$" + encode64(sum)
}

// fill repeats b to n bytes.
func fill(b []byte, n int) []byte {
	return bytes.Repeat(b, n/len(b)+1)[:n]
}

// encode64 writes the digest in crypt(3)'s order of bytes.
func encode64(sum []byte) string {
	var out strings.Builder
	put := func(v uint32, letters int) {
		for range letters {
			out.WriteByte(itoa64[v&63])
			v >>= 6
		}
	}
	a, b, c := 0, 21, 42
	for range 21 {
		put(uint32(sum[a])<<16|uint32(sum[b])<<8|uint32(sum[c]), 4)
		a, b, c = b+1, c+1, a+1
	}
	put(uint32(sum[63]), 2)
	return out.String()
}
