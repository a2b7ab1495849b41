package vnic

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Frames are put together by hand, so that lies are as easy as truth.

const (
	macA = "02:08:20:00:00:0a" // the zone under test
	macX = "02:08:20:00:00:ee" // somebody else
)

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func be16(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }

// blank is where arrives puts a frame's mark: inside the packet, since the
// host's bridge may cut what follows one.
var blank = []byte("mark????????")

func ether(t testing.TB, source string, kind int, payload ...[]byte) []byte {
	frame := join(bytes.Repeat([]byte{0xff}, 6), mac(t, source), be16(kind), join(payload...))
	if !bytes.Contains(frame, blank) {
		frame = append(frame, blank...)
	}
	return frame
}

func addr(s string) []byte { return netip.MustParseAddr(s).AsSlice() }

func arp(t testing.TB, sender, ip string) []byte {
	return join([]byte{0, 1, 8, 0, 6, 4, 0, 1}, mac(t, sender), addr(ip), make([]byte, 6), addr("10.9.0.2"))
}

func ip4(source string, proto byte, payload ...[]byte) []byte {
	body := join(join(payload...), blank)
	h := join([]byte{0x45, 0}, be16(20+len(body)), []byte{0, 0, 0, 0, 64, proto, 0, 0}, addr(source), []byte{255, 255, 255, 255})
	sum := 0
	for i := 0; i < len(h); i += 2 {
		sum += int(binary.BigEndian.Uint16(h[i:]))
	}
	binary.BigEndian.PutUint16(h[10:], ^uint16(sum+sum>>16)) // the host's bridge looks at it
	return append(h, body...)
}

func ip6(source string, next byte, payload ...[]byte) []byte {
	body := join(join(payload...), blank)
	return join([]byte{0x60, 0, 0, 0}, be16(len(body)), []byte{next, 255}, addr(source), addr("ff02::1"), body)
}

// transportHeader is UDP's, and near enough TCP's for a filter.
func transportHeader(from, to int) []byte { return join(be16(from), be16(to), make([]byte, 16)) }

func icmp6(kind byte, target string) []byte {
	return join([]byte{kind, 0, 0, 0, 0, 0, 0, 0}, addr(target))
}

// hop is an IPv6 extension header before next.
func hop(next byte) []byte { return []byte{next, 0, 1, 4, 0, 0, 0, 0} }

// wire opens a packet socket on a zone's nic.
func wire(t testing.TB, z testZone, nic string) (fd int) {
	t.Helper()
	must(t, inside(z.File, func() (err error) {
		link, err := net.InterfaceByName(nic)
		if err != nil {
			return err
		}
		all := int(binary.NativeEndian.Uint16(be16(unix.ETH_P_ALL)))
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all); err != nil {
			return err
		}
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: uint16(all), Ifindex: link.Index})
	}))
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// arrives sends a frame with a mark from one zone, then one that the filters
// must pass, and reports whether the first came out at the other before the
// second.
func arrives(t testing.TB, out, in int, frame []byte) bool {
	t.Helper()
	markNumber++
	mark := binary.BigEndian.AppendUint64([]byte("mark"), markNumber)
	last := binary.BigEndian.AppendUint64([]byte("last"), markNumber)
	probe := ether(t, macA, 0x0806, arp(t, macA, "0.0.0.0"))
	for _, f := range [][]byte{bytes.Replace(frame, blank, mark, 1), bytes.Replace(probe, blank, last, 1)} {
		if _, err := unix.Write(out, f); err != nil {
			t.Fatalf("send: %v", err)
		}
	}
	seen, buf := false, make([]byte, 2048)
	must(t, unix.SetsockoptTimeval(in, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 10}))
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		n, err := unix.Read(in, buf)
		if err != nil {
			t.Fatalf("receive: %v", err)
		}
		if bytes.Contains(buf[:n], last) {
			return seen
		}
		seen = seen || bytes.Contains(buf[:n], mark)
	}
	t.Fatal("the frame that must pass did not")
	return false
}

var markNumber uint64
