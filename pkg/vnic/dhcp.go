package vnic

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/insomniacslk/dhcp/iana"
)

// lease is what a DHCP server granted a nic.
type lease struct {
	Addr      netip.Prefix `json:"addr"`
	Routers   []netip.Addr `json:"routers,omitempty"`
	Resolvers []netip.Addr `json:"resolvers,omitempty"`
	Server    netip.Addr   `json:"server"`
	Renew     time.Time    `json:"renew"`
	Expires   time.Time    `json:"expires"`
}

// retryPause is between tries that failed for a reason of ours.
const retryPause = 5 * time.Second

// foreverLease stands in for a lease that does not end.
const foreverLease = 365 * 24 * time.Hour

// openDHCP is a DHCP client on a zone's nic. The socket is opened inside the
// zone's network namespace and used from outside.
func openDHCP(netns *os.File, nic string) (*nclient4.Client, error) {
	var client *nclient4.Client
	err := inside(netns, func() error {
		ifc, err := net.InterfaceByName(nic)
		if err != nil {
			return err
		}
		conn, err := nclient4.NewRawUDPConn(nic, nclient4.ClientPort)
		if err != nil {
			return err
		}
		client, err = nclient4.NewWithConn(conn, ifc.HardwareAddr, nclient4.WithTimeout(time.Second), nclient4.WithRetry(1))
		if err != nil {
			conn.Close()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("dhcp on %s: %w", nic, err)
	}
	return client, nil
}

// ask gets a lease: old again when it still stands, else any. It asks until
// ctx ends.
func ask(ctx context.Context, netns *os.File, nic string, old *lease) (*lease, error) {
	client, err := openDHCP(netns, nic)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	pause := time.Second
	for {
		granted, err := askOnce(ctx, client, old)
		if err == nil {
			return granted, nil
		}
		if _, refused := errors.AsType[*nclient4.ErrNak](err); refused {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("dhcp on %s: no answer: %w", nic, err)
		case <-time.After(pause):
		}
		pause = min(2*pause, time.Minute)
	}
}

func askOnce(ctx context.Context, client *nclient4.Client, old *lease) (*lease, error) {
	var got *nclient4.Lease
	var err error
	if old == nil {
		got, err = client.Request(ctx)
	} else {
		got, err = client.Renew(ctx, old.asLease(client.InterfaceAddr()))
	}
	if err != nil {
		return nil, err
	}
	return readLease(got.ACK, time.Now())
}

// asLease is what the client library wants to see for a renewal.
func (l *lease) asLease(mac net.HardwareAddr) *nclient4.Lease {
	ack := &dhcpv4.DHCPv4{
		OpCode: dhcpv4.OpcodeBootReply, HWType: iana.HWTypeEthernet, ClientHWAddr: mac,
		YourIPAddr: l.Addr.Addr().AsSlice(), Options: dhcpv4.Options{},
	}
	binary.NativeEndian.PutUint32(ack.TransactionID[:], rand.Uint32())
	ack.UpdateOption(dhcpv4.OptServerIdentifier(l.Server.AsSlice()))
	return &nclient4.Lease{Offer: ack, ACK: ack}
}

// readLease takes what we use from a server's answer.
func readLease(ack *dhcpv4.DHCPv4, now time.Time) (*lease, error) {
	addr, ok := netip.AddrFromSlice(ack.YourIPAddr.To4())
	if !ok || !isHostAddr(addr) {
		return nil, fmt.Errorf("dhcp server %s offered the address %s", ack.ServerIdentifier(), ack.YourIPAddr)
	}
	bits, _ := ack.SubnetMask().Size()
	if bits == 0 {
		bits = 32
	}
	l := &lease{
		Addr:      netip.PrefixFrom(addr, bits),
		Routers:   addrsOf(ack.Router()),
		Resolvers: addrsOf(ack.DNS()),
	}
	l.Server, _ = netip.AddrFromSlice(ack.ServerIdentifier().To4())
	length := min(ack.IPAddressLeaseTime(foreverLease), foreverLease)
	l.Renew = now.Add(max(time.Second, min(ack.IPAddressRenewalTime(length/2), length/2)))
	l.Expires = now.Add(max(2*time.Second, length))
	return l, nil
}

// isHostAddr reports whether an interface may have the IPv4 address.
func isHostAddr(a netip.Addr) bool {
	return !a.IsUnspecified() && !a.IsLoopback() && !a.IsMulticast() && a.As4()[0] < 240
}

func addrsOf(ips []net.IP) []netip.Addr {
	var all []netip.Addr
	for _, ip := range ips {
		if a, ok := netip.AddrFromSlice(ip.To4()); ok && !a.IsUnspecified() {
			all = append(all, a)
		}
	}
	return all
}
